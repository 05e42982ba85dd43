-- Why records of the files of which all wait were set apart, and of how many files the reasons
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
    from (
        select file_id
        from mp_resolutions
        union all
        select file_id
        from mp_superseded
    ) as not_open
) as done
    on mp_reason_counts.file_id = done.file_id
left join mp_gone
    on mp_load_ledger.file_id = mp_gone.file_id
where done.file_id is null
    and mp_gone.file_id is null
    and mp_load_ledger.rows_quarantined + mp_load_ledger.rows_held > 0
group by mp_reason_counts.rule
