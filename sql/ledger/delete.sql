-- An entry makes room for what was decided on its file later.
delete from mp_load_ledger
where file_id = :file_id
