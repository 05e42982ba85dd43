-- What became of some records of a file, and by which run.
select
    mp_resolutions.record_number,
    mp_resolutions.outcome,
    mp_resolutions.replay_id,
    mp_resolutions.replay_file_id,
    mp_resolutions.replay_record_number,
    mp_load_ledger.run_id,
    mp_load_ledger.committed_at,
    mp_replays.accepted,
    mp_replays.requested_by,
    mp_replays.why
from mp_resolutions
inner join mp_load_ledger
    on mp_resolutions.replay_file_id = mp_load_ledger.file_id
inner join mp_replays
    on mp_resolutions.replay_id = mp_replays.replay_id
where mp_resolutions.file_id = :file_id
    and mp_resolutions.record_number between :first_number and :last_number
order by mp_resolutions.record_number
