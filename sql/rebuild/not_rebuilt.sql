-- Entries that stand here and were not made anew: decided meanwhile.
select mp_load_ledger.file_id
from mp_load_ledger
left join {rebuilt}.mp_load_ledger as rebuilt
    on mp_load_ledger.file_id = rebuilt.file_id
where rebuilt.file_id is null
order by mp_load_ledger.committed_at, mp_load_ledger.file_id
