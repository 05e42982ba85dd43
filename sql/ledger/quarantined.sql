-- Which files have records in quarantine that count, newest first.
select mp_load_ledger.file_id
from mp_load_ledger
where mp_load_ledger.quarantine_name is not null
    and mp_load_ledger.state not in ('RETRACTED', 'REJUDGED')
order by mp_load_ledger.committed_at desc, mp_load_ledger.object_key, mp_load_ledger.file_id
