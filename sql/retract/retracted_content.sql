-- Which of the contents in mp_wanted were retracted, by which entry, the first of each first.
select
    mp_load_ledger.content_sha256,
    mp_load_ledger.file_id
from mp_load_ledger
inner join mp_wanted
    on mp_load_ledger.content_sha256 = mp_wanted.value
where mp_load_ledger.state = 'RETRACTED'
order by mp_load_ledger.content_sha256, mp_load_ledger.file_id
