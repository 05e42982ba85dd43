-- The entries of the files whose ids lie in mp_wanted.
select
    mp_load_ledger.file_id,
    mp_load_ledger.store,
    mp_load_ledger.object_key,
    mp_load_ledger.version,
    mp_load_ledger.size_bytes,
    mp_load_ledger.content_sha256,
    mp_load_ledger.file_version,
    mp_load_ledger.batch_id,
    mp_load_ledger.run_id,
    mp_load_ledger.attempt,
    mp_load_ledger.ruleset_sha256,
    mp_load_ledger.state,
    mp_load_ledger.rows_in,
    mp_load_ledger.rows_loaded,
    mp_load_ledger.rows_quarantined,
    mp_load_ledger.rows_superseded,
    mp_load_ledger.rows_held,
    mp_load_ledger.output_name,
    mp_load_ledger.quarantine_name,
    mp_load_ledger.reason,
    mp_load_ledger.summary,
    mp_load_ledger.committed_at,
    mp_load_ledger.archived_at,
    mp_load_ledger.history_name,
    mp_load_ledger.archive_note
from mp_load_ledger
inner join mp_wanted
    on mp_load_ledger.file_id = mp_wanted.value
