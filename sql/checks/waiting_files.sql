-- Files that wait for a person: held ones with records that nothing became of, and rejected ones.
-- Which of them were dismissed stands in their summaries.
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
left join (
    select
        file_id,
        count(*) as row_count
    from mp_resolutions
    group by file_id
) as done
    on mp_load_ledger.file_id = done.file_id
where mp_load_ledger.state = 'REJECTED'
    or (
        mp_load_ledger.state = 'HELD'
        and mp_load_ledger.rows_held > coalesce(done.row_count, 0)
    )
order by mp_load_ledger.committed_at, mp_load_ledger.object_key, mp_load_ledger.file_id
