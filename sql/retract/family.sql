-- Which entries are of this file, or of replays that go back to it.
select mp_load_ledger.file_id
from mp_load_ledger
left join mp_replays
    on mp_load_ledger.object_key = mp_replays.object_key
where mp_load_ledger.file_id = cast(:file_id as varchar(64))
    or mp_replays.root_file_id = cast(:file_id as varchar(64))
