-- Which of the replays in mp_wanted were asked for, under which name, and whether that was decided.
select
    mp_replays.replay_id,
    mp_replays.object_key,
    count(mp_load_ledger.file_id) as entries
from mp_replays
inner join mp_wanted
    on mp_replays.replay_id = mp_wanted.value
left join mp_load_ledger
    on mp_replays.object_key = mp_load_ledger.object_key
group by mp_replays.replay_id, mp_replays.object_key
