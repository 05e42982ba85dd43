-- What the replays of a batch resolve, in the columns of their Parquet files by position; gone with the
-- connection.
create temp table mp_resolution_staging (
    quarantine_id varchar(64),
    file_id varchar(64),
    record_number bigint,
    replay_id varchar(64),
    replay_file_id varchar(64),
    replay_record_number bigint,
    outcome varchar(16)
)
