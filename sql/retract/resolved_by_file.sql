-- How many records of each file in mp_wanted are resolved.
select
    mp_resolutions.file_id,
    count(*) as row_count
from mp_resolutions
inner join mp_wanted
    on mp_resolutions.file_id = mp_wanted.value
group by mp_resolutions.file_id
