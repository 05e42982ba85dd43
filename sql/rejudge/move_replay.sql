-- A decided replay goes back to the entry that counts instead.
update mp_replays
set
    root_file_id = :root_file_id,
    original_file_id = :original_file_id
where replay_id = :replay_id
