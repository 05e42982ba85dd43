-- What became of one record.
insert into mp_resolutions (
    quarantine_id,
    file_id,
    record_number,
    replay_id,
    replay_file_id,
    replay_record_number,
    outcome
)
values (
    :quarantine_id,
    :file_id,
    :record_number,
    :replay_id,
    :replay_file_id,
    :replay_record_number,
    :outcome
)
