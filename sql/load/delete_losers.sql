-- Take the rows that lost against another row of this batch out of staging.
delete from mp_staging
using mp_staging_losers
where mp_staging.{key} = mp_staging_losers.{key}
    and mp_staging.file_id = mp_staging_losers.file_id
    and mp_staging.record_number = mp_staging_losers.record_number
