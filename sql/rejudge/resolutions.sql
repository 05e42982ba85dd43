-- What became of the records of a file.
select
    quarantine_id,
    file_id,
    record_number,
    replay_id,
    replay_file_id,
    replay_record_number,
    outcome
from mp_resolutions
where file_id = :file_id
order by record_number
