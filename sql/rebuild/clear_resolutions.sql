-- Make room for resolutions that were made anew.
delete from mp_resolutions
