-- Make room for keys of records set apart that were made anew.
delete from mp_set_apart
