-- What one replay resolved, in the order of its records.
select
    quarantine_id,
    file_id,
    record_number,
    replay_id,
    replay_file_id,
    replay_record_number,
    outcome
from mp_resolutions
where replay_file_id = :replay_file_id
order by replay_record_number
