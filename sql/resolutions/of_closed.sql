-- Replays of the batch that bring records of a file that was retracted, or judged again.
select
    mp_resolution_staging.replay_file_id,
    min(mp_load_ledger.state) as state
from mp_resolution_staging
inner join mp_load_ledger
    on mp_resolution_staging.file_id = mp_load_ledger.file_id
where mp_load_ledger.state in ('RETRACTED', 'REJUDGED')
group by mp_resolution_staging.replay_file_id
