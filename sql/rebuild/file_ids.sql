-- All decided files.
select file_id
from mp_load_ledger
order by committed_at, file_id
