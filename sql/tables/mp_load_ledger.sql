-- What became of every version of every file: one row each, written in the transaction that loads
-- its rows. Times are UTC.
create table if not exists mp_load_ledger (
    file_id varchar(64) not null,
    store varchar(1024) not null,
    object_key varchar(4096) not null,
    version varchar(1024) not null,
    size_bytes bigint not null,
    content_sha256 varchar(64) not null,
    file_version timestamp not null,
    batch_id varchar(64) not null,
    run_id varchar(64) not null,
    attempt integer not null,
    ruleset_sha256 varchar(64) not null,
    state varchar(16) not null,
    rows_in bigint not null,
    rows_loaded bigint not null,
    rows_quarantined bigint not null,
    rows_superseded bigint not null,
    rows_held bigint not null,
    output_name varchar(1024),
    quarantine_name varchar(1024),
    reason varchar(4096),
    summary varchar(65535) not null,
    committed_at timestamp not null,
    archived_at timestamp,
    history_name varchar(1024),
    archive_note varchar(1024)
)
diststyle all
sortkey (committed_at)
