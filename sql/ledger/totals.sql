-- Files and rows by state.
select
    state,
    count(*) as files,
    cast(sum(rows_in) as bigint) as rows_in,
    cast(sum(rows_loaded) as bigint) as rows_loaded,
    cast(sum(rows_quarantined) as bigint) as rows_quarantined,
    cast(sum(rows_superseded) as bigint) as rows_superseded,
    cast(sum(rows_held) as bigint) as rows_held,
    max(committed_at) as last_committed_at
from mp_load_ledger
group by state
