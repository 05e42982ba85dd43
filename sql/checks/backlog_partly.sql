-- The same of files of which a replay took some records, and others wait; a file at a time.
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
    from mp_resolutions
    group by file_id
) as done
    on mp_reason_counts.file_id = done.file_id
where mp_load_ledger.rows_quarantined + mp_load_ledger.rows_held > done.row_count
