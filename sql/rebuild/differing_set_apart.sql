-- Keys of records set apart that stand on one side alone, counted for each file.
select
    'here' as side,
    file_id as file_id,
    count(*) as row_count
from (
    select
        file_id,
        record_number,
        {key},
        rules
    from mp_set_apart
    except
    select
        file_id,
        record_number,
        {key},
        rules
    from {rebuilt}.mp_set_apart
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
        record_number,
        {key},
        rules
    from {rebuilt}.mp_set_apart
    except
    select
        file_id,
        record_number,
        {key},
        rules
    from mp_set_apart
) as only_rebuilt
group by file_id
order by 1, 2
