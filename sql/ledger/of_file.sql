-- Which entries are of the file of this id or name, or of replays that go back to it, newest first.
select mp_load_ledger.file_id
from mp_load_ledger
left join mp_replays
    on mp_load_ledger.object_key = mp_replays.object_key
where mp_load_ledger.file_id = cast(:name as varchar(4096))
    or mp_load_ledger.object_key = cast(:name as varchar(4096))
    or mp_replays.root_file_id = cast(:name as varchar(4096))
    or mp_replays.root_key = cast(:name as varchar(4096))
order by mp_load_ledger.committed_at desc, mp_load_ledger.object_key, mp_load_ledger.file_id
