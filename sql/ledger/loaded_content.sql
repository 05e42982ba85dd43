-- Which files loaded the contents in mp_wanted: each of them, as a content may be loaded again.
select
    mp_load_ledger.content_sha256,
    mp_load_ledger.file_id
from mp_load_ledger
inner join mp_wanted
    on mp_load_ledger.content_sha256 = mp_wanted.value
where mp_load_ledger.state = 'LOADED'
order by mp_load_ledger.content_sha256, mp_load_ledger.file_id
