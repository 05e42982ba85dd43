-- The reasons of the records that replays resolved.
select
    original_file_id,
    taken
from mp_replays
where replay_id in (
    select replay_id
    from mp_resolutions
)
