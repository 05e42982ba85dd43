-- What was decided on a file is no longer so; its record beside history is to be written again.
update mp_load_ledger
set
    state = :state,
    rows_loaded = :rows_loaded,
    rows_quarantined = :rows_quarantined,
    rows_superseded = :rows_superseded,
    rows_held = :rows_held,
    reason = :reason,
    summary = :summary,
    archived_at = null
where file_id = :file_id
