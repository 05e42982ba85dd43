-- The resolutions of a file are written anew, as those of the file that counts instead.
delete from mp_resolutions
where file_id = :file_id
