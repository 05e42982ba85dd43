-- Rows come back, each loaded when its file was.
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
    decided_at
from mp_staging
inner join (
    select
        file_id as decided_file_id,
        committed_at as decided_at
    from mp_load_ledger
) as decided
    on mp_staging.file_id = decided.decided_file_id
