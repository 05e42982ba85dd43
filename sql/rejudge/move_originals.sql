-- Replays of a file's own records are of the one that counts instead.
update mp_replays
set original_file_id = :new_file_id
where original_file_id = :file_id
