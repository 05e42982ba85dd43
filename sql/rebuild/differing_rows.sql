-- Rows that stand on one side alone, counted for each file.
select
    'here' as side,
    file_id as file_id,
    count(*) as row_count
from (
    select
        {columns},
        other_columns,
        file_id,
        record_number,
        file_version,
        loaded_at
    from {table}
    except
    select
        {columns},
        other_columns,
        file_id,
        record_number,
        file_version,
        loaded_at
    from {rebuilt}.{table}
) as only_here
group by file_id
union all
select
    'rebuilt' as side,
    file_id as file_id,
    count(*) as row_count
from (
    select
        {columns},
        other_columns,
        file_id,
        record_number,
        file_version,
        loaded_at
    from {rebuilt}.{table}
    except
    select
        {columns},
        other_columns,
        file_id,
        record_number,
        file_version,
        loaded_at
    from {table}
) as only_rebuilt
group by file_id
order by 1, 2
