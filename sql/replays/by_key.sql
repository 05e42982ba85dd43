-- The replays whose landing keys lie in mp_wanted.
select
    mp_replays.replay_id,
    mp_replays.object_key,
    mp_replays.content_sha256,
    mp_replays.original_file_id,
    mp_replays.original_state,
    mp_replays.root_file_id,
    mp_replays.root_key,
    mp_replays.file_version,
    mp_replays.row_count,
    mp_replays.corrected_count,
    mp_replays.accepted,
    mp_replays.ruleset,
    mp_replays.reading,
    mp_replays.taken,
    mp_replays.requested_at,
    mp_replays.requested_by,
    mp_replays.why
from mp_replays
inner join mp_wanted
    on mp_replays.object_key = mp_wanted.value
