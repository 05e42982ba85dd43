-- Which of the replays in mp_wanted are kept.
select mp_replays.replay_id
from mp_replays
inner join mp_wanted
    on mp_replays.replay_id = mp_wanted.value
