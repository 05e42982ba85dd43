-- Replays that go back to a file go back to the one that counts instead.
update mp_replays
set root_file_id = :new_file_id
where root_file_id = :file_id
