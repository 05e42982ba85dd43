-- Replays that stand on one side alone, counted for each file.
select
    'here' as side,
    root_file_id as file_id,
    count(*) as row_count
from (
    select
        replay_id,
        object_key,
        content_sha256,
        original_file_id,
        original_state,
        root_file_id,
        root_key,
        file_version,
        row_count,
        corrected_count,
        accepted,
        ruleset,
        reading,
        taken,
        requested_at,
        requested_by,
        why
    from mp_replays
    except
    select
        replay_id,
        object_key,
        content_sha256,
        original_file_id,
        original_state,
        root_file_id,
        root_key,
        file_version,
        row_count,
        corrected_count,
        accepted,
        ruleset,
        reading,
        taken,
        requested_at,
        requested_by,
        why
    from {rebuilt}.mp_replays
) as only_here
group by root_file_id
union all
select
    'rebuilt' as side,
    root_file_id as file_id,
    count(*) as row_count
from (
    select
        replay_id,
        object_key,
        content_sha256,
        original_file_id,
        original_state,
        root_file_id,
        root_key,
        file_version,
        row_count,
        corrected_count,
        accepted,
        ruleset,
        reading,
        taken,
        requested_at,
        requested_by,
        why
    from {rebuilt}.mp_replays
    except
    select
        replay_id,
        object_key,
        content_sha256,
        original_file_id,
        original_state,
        root_file_id,
        root_key,
        file_version,
        row_count,
        corrected_count,
        accepted,
        ruleset,
        reading,
        taken,
        requested_at,
        requested_by,
        why
    from mp_replays
) as only_rebuilt
group by root_file_id
order by 1, 2
