-- Which of the files in mp_wanted are decided on and out of landing: nothing is left to do.
select mp_load_ledger.file_id
from mp_load_ledger
inner join mp_wanted
    on mp_load_ledger.file_id = mp_wanted.value
where mp_load_ledger.archived_at is not null
