-- Rows that were made anew, in place of those that stood here.
insert into {table} (
    {columns},
    other_columns,
    file_id,
    record_number,
    file_version,
    loaded_at
)
select
    {columns},
    other_columns,
    file_id,
    record_number,
    file_version,
    loaded_at
from {rebuilt}.{table}
