-- Records that are resolved from now on.
insert into mp_resolutions (
    quarantine_id,
    file_id,
    record_number,
    replay_id,
    replay_file_id,
    replay_record_number,
    outcome
)
select
    quarantine_id,
    file_id,
    record_number,
    replay_id,
    replay_file_id,
    replay_record_number,
    outcome
from mp_resolution_staging
