-- Decided, but their files were not yet moved out of landing: the archive's to-do list.
select
    file_id,
    store,
    object_key,
    version,
    size_bytes,
    content_sha256,
    file_version,
    batch_id,
    run_id,
    attempt,
    ruleset_sha256,
    state,
    rows_in,
    rows_loaded,
    rows_quarantined,
    rows_superseded,
    rows_held,
    output_name,
    quarantine_name,
    reason,
    summary,
    committed_at,
    archived_at,
    history_name,
    archive_note
from mp_load_ledger
where archived_at is null
order by committed_at, file_id
