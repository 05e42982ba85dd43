-- Entries that stand on one side alone, counted for each file.
select
    'here' as side,
    file_id as file_id,
    count(*) as row_count
from (
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
        committed_at
    from mp_load_ledger
    except
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
        committed_at
    from {rebuilt}.mp_load_ledger
) as only_here
group by file_id
union all
select
    'rebuilt' as side,
    file_id as file_id,
    count(*) as row_count
from (
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
        committed_at
    from {rebuilt}.mp_load_ledger
    except
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
        committed_at
    from mp_load_ledger
) as only_rebuilt
group by file_id
order by 1, 2
