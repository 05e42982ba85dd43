-- Good rows that another row of the same key superseded: they are not among those that load.
update mp_resolution_staging
set outcome = 'SUPERSEDED'
where outcome = 'LOADED'
    and not exists (
        select 1
        from mp_staging
        where mp_staging.file_id = mp_resolution_staging.replay_file_id
            and mp_staging.record_number = mp_resolution_staging.replay_record_number
    )
