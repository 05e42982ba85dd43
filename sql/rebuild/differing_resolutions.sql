-- Resolutions that stand on one side alone, counted for each file.
select
    'here' as side,
    file_id as file_id,
    count(*) as row_count
from (
    select
        quarantine_id,
        file_id,
        record_number,
        replay_id,
        replay_file_id,
        replay_record_number,
        outcome
    from mp_resolutions
    except
    select
        quarantine_id,
        file_id,
        record_number,
        replay_id,
        replay_file_id,
        replay_record_number,
        outcome
    from {rebuilt}.mp_resolutions
) as only_here
group by file_id
union all
select
    'rebuilt' as side,
    file_id as file_id,
    count(*) as row_count
from (
    select
        quarantine_id,
        file_id,
        record_number,
        replay_id,
        replay_file_id,
        replay_record_number,
        outcome
    from {rebuilt}.mp_resolutions
    except
    select
        quarantine_id,
        file_id,
        record_number,
        replay_id,
        replay_file_id,
        replay_record_number,
        outcome
    from mp_resolutions
) as only_rebuilt
group by file_id
order by 1, 2
