-- What one replay resolved makes room for what is kept of it beside history.
delete from mp_resolutions
where replay_file_id = :replay_file_id
