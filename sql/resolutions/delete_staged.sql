-- Take out what a replay brings that came too late.
delete from mp_resolution_staging
where replay_file_id = :replay_file_id
