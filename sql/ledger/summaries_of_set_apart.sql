-- The summaries of files with records set apart, some hundred of them after a file_id, in its order.
select
    file_id,
    summary
from mp_load_ledger
where rows_quarantined + rows_held > 0
    and file_id > :after
order by file_id
limit :limit
