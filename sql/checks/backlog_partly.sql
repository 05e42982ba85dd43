-- The same of files of which some records were replayed or superseded, and others wait; a file at a time.
select
    mp_reason_counts.file_id,
    mp_reason_counts.rule,
    mp_reason_counts.record_count
from mp_reason_counts
inner join mp_load_ledger
    on mp_reason_counts.file_id = mp_load_ledger.file_id
inner join (
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
    on mp_reason_counts.file_id = done.file_id
left join mp_gone
    on mp_load_ledger.file_id = mp_gone.file_id
where mp_gone.file_id is null
    and mp_load_ledger.rows_quarantined + mp_load_ledger.rows_held > done.row_count
