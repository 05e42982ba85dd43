-- What became of quarantined and held records that were replayed: at most one row for each record,
-- written in the transaction that loads the replay.
create table if not exists mp_resolutions (
    quarantine_id varchar(64) not null,
    file_id varchar(64) not null,
    record_number bigint not null,
    replay_id varchar(64) not null,
    replay_file_id varchar(64) not null,
    replay_record_number bigint not null,
    outcome varchar(16) not null
)
diststyle auto
sortkey (file_id, record_number)
