-- Keys of records set apart of each file of the batch.
select
    file_id,
    count(*) as row_count
from mp_set_apart_staging
group by file_id
