-- Pairs of replays of the batch that bring the same record.
select distinct
    first_replay.replay_file_id as first_file_id,
    second_replay.replay_file_id as second_file_id
from mp_resolution_staging as first_replay
inner join mp_resolution_staging as second_replay
    on first_replay.quarantine_id = second_replay.quarantine_id
    and first_replay.replay_file_id < second_replay.replay_file_id
