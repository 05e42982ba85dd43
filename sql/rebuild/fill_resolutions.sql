-- Resolutions that were made anew, in place of those that stood here.
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
from {rebuilt}.mp_resolutions
