-- Never regress: a staged row that is older than the table's row of the same key does not load. No row
-- is from after it was loaded, whatever date its file bore: an earlier program believed the date.
delete from mp_staging
using {table}
where mp_staging.{key} = {table}.{key}
    and (
        mp_staging.file_version < least({table}.file_version, {table}.loaded_at)
        or (
            mp_staging.file_version = least({table}.file_version, {table}.loaded_at)
            and mp_staging.file_id < {table}.file_id
        )
        or (
            mp_staging.file_version = least({table}.file_version, {table}.loaded_at)
            and mp_staging.file_id = {table}.file_id
            and mp_staging.record_number < {table}.record_number
        )
    )
