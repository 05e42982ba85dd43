-- How many files were decided on before a moment and are not out of landing.
select count(*) as files
from mp_load_ledger
where archived_at is null
    and committed_at < :before
