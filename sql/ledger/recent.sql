-- Newest first; an empty text asks for every state, batch or key. Which they are is found first, so
-- that the long summaries of all other entries are not read.
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
where file_id in (
    select file_id
    from mp_load_ledger
    where (cast(:state as varchar(16)) = '' or state = cast(:state as varchar(16)))
        and (cast(:batch_id as varchar(64)) = '' or batch_id = cast(:batch_id as varchar(64)))
        and (cast(:object_key as varchar(4096)) = '' or object_key = cast(:object_key as varchar(4096)))
        and committed_at >= cast(:since as timestamp)
    order by committed_at desc, object_key, file_id
    limit :limit
)
order by committed_at desc, object_key, file_id
