-- Make room for entries that were made anew.
delete from mp_load_ledger
