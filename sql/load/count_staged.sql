-- Rows of each file that are in staging now.
select
    file_id,
    count(*) as row_count
from mp_staging
group by file_id
