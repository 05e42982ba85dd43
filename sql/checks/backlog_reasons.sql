-- Why records of the files that no replay took any of were set apart, and of how many files the reasons
-- are not known.
select
    mp_reason_counts.rule,
    count(*) as files,
    cast(sum(mp_reason_counts.record_count) as bigint) as record_count
from mp_reason_counts
inner join mp_load_ledger
    on mp_reason_counts.file_id = mp_load_ledger.file_id
left join (
    select distinct file_id
    from mp_resolutions
) as done
    on mp_reason_counts.file_id = done.file_id
where done.file_id is null
    and mp_load_ledger.rows_quarantined + mp_load_ledger.rows_held > 0
group by mp_reason_counts.rule
