-- The file is out of landing, or was found to be gone; the first to say so is kept.
update mp_load_ledger
set
    archived_at = :archived_at,
    history_name = :history_name,
    archive_note = :archive_note
where file_id = :file_id
    and archived_at is null
