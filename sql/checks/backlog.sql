-- How many records wait, by state and by age: of a replay, since its first file was judged. What replays
-- resolved, and what lies in mp_superseded, waits no more; nor do records in quarantine
-- files that are gone.
select
    state,
    case
        when waiting_since > :first_limit then 0
        when waiting_since > :second_limit then 1
        when waiting_since > :third_limit then 2
        else 3
    end as age,
    cast(sum(records_open) as bigint) as records_open
from (
    select
        mp_load_ledger.state,
        mp_load_ledger.rows_quarantined + mp_load_ledger.rows_held - coalesce(done.row_count, 0) as records_open,
        coalesce(roots.committed_at, mp_load_ledger.committed_at) as waiting_since
    from mp_load_ledger
    left join (
        select
            file_id,
            count(*) as row_count
        from (
            select file_id
            from mp_resolutions
            union all
            select file_id
            from mp_superseded
        ) as not_open
        group by file_id
    ) as done
        on mp_load_ledger.file_id = done.file_id
    left join mp_replays
        on mp_load_ledger.object_key = mp_replays.object_key
    left join mp_load_ledger as roots
        on mp_replays.root_file_id = roots.file_id
    left join mp_gone
        on mp_load_ledger.file_id = mp_gone.file_id
    where mp_load_ledger.rows_quarantined + mp_load_ledger.rows_held > coalesce(done.row_count, 0)
        and mp_gone.file_id is null
) as waiting
group by 1, 2
