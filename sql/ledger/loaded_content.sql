-- Which of the contents in mp_wanted were loaded already, and as which file first.
select
    mp_load_ledger.content_sha256,
    min(mp_load_ledger.file_id) as file_id
from mp_load_ledger
inner join mp_wanted
    on mp_load_ledger.content_sha256 = mp_wanted.value
where mp_load_ledger.state = 'LOADED'
group by mp_load_ledger.content_sha256
