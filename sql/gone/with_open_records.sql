-- The files whose records wait, as far as the ledger knows, and where these lie.
select
    mp_load_ledger.file_id,
    mp_load_ledger.quarantine_name
from mp_load_ledger
left join (
    select
        file_id,
        count(*) as row_count
    from mp_resolutions
    group by file_id
) as done
    on mp_load_ledger.file_id = done.file_id
where mp_load_ledger.quarantine_name is not null
    and mp_load_ledger.rows_quarantined + mp_load_ledger.rows_held > coalesce(done.row_count, 0)
order by mp_load_ledger.file_id
