-- Reason counts that stand on one side alone, counted for each file.
select
    'here' as side,
    file_id as file_id,
    count(*) as row_count
from (
    select
        file_id,
        rule,
        record_count
    from mp_reason_counts
    except
    select
        file_id,
        rule,
        record_count
    from {rebuilt}.mp_reason_counts
) as only_here
group by file_id
union all
select
    'rebuilt' as side,
    file_id as file_id,
    count(*) as row_count
from (
    select
        file_id,
        rule,
        record_count
    from {rebuilt}.mp_reason_counts
    except
    select
        file_id,
        rule,
        record_count
    from mp_reason_counts
) as only_rebuilt
group by file_id
order by 1, 2
