-- What is decided on and out of landing: nothing is left to do.
select file_id
from mp_load_ledger
where archived_at is not null
