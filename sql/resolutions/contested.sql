-- Replays of the batch that bring a record which is resolved already, with the replay that did.
select
    mp_resolution_staging.replay_file_id,
    min(mp_resolutions.replay_id) as resolved_by
from mp_resolution_staging
inner join mp_resolutions
    on mp_resolution_staging.quarantine_id = mp_resolutions.quarantine_id
group by mp_resolution_staging.replay_file_id
