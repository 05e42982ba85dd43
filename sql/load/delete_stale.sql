-- Never regress: a staged row that is older than the table's row of the same key does not load.
delete from mp_staging
using {table}
where mp_staging.{key} = {table}.{key}
    and (
        mp_staging.file_version < {table}.file_version
        or (
            mp_staging.file_version = {table}.file_version
            and mp_staging.file_id < {table}.file_id
        )
        or (
            mp_staging.file_version = {table}.file_version
            and mp_staging.file_id = {table}.file_id
            and mp_staging.record_number < {table}.record_number
        )
    )
