-- Which entries are of the replays in mp_wanted and resolved their records, newest first.
select mp_load_ledger.file_id
from mp_load_ledger
inner join mp_replays
    on mp_load_ledger.object_key = mp_replays.object_key
inner join mp_wanted
    on mp_replays.replay_id = mp_wanted.value
where mp_load_ledger.state in ('LOADED', 'HELD')
order by mp_load_ledger.committed_at desc, mp_load_ledger.object_key, mp_load_ledger.file_id
