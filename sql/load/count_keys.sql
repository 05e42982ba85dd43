-- How many rows and how many keys: where they differ, keys stand in staging more than once.
select
    count(*) as row_count,
    count({key}) as keyed_count,
    count(distinct {key}) as key_count
from mp_staging
