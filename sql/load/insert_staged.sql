-- The second half of the upsert.
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
    :loaded_at
from mp_staging
