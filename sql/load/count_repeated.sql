-- Rows of each file in staging whose key stands in the same file more than once, beyond the first.
select
    file_id,
    count(*) - count(distinct {key}) as row_count
from mp_staging
group by file_id
having count(*) > count(distinct {key})
