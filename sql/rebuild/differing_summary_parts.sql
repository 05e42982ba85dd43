-- Summary parts that stand on one side alone, counted for each file.
select
    'here' as side,
    file_id as file_id,
    count(*) as row_count
from (
    select
        file_id,
        place,
        piece
    from mp_summary_parts
    except
    select
        file_id,
        place,
        piece
    from {rebuilt}.mp_summary_parts
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
        place,
        piece
    from {rebuilt}.mp_summary_parts
    except
    select
        file_id,
        place,
        piece
    from mp_summary_parts
) as only_rebuilt
group by file_id
order by 1, 2
