-- Records that each replay of the batch resolves.
select
    replay_file_id,
    count(*) as row_count
from mp_resolution_staging
group by replay_file_id
