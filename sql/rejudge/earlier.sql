-- What was decided before a moment and counts, newest first.
select file_id
from mp_load_ledger
where committed_at < :before
    and state not in ('RETRACTED', 'REJUDGED')
order by committed_at desc, object_key, file_id
limit :limit
