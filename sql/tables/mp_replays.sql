-- What people asked to be judged again: a row each, committed before the replay's file lands, so that
-- the file is known when it is met. Row values stand in its file and in quarantine, never here.
create table if not exists mp_replays (
    replay_id varchar(64) not null,
    object_key varchar(1024) not null,
    content_sha256 varchar(64) not null,
    original_file_id varchar(64) not null,
    original_state varchar(16) not null,
    root_file_id varchar(64) not null,
    root_key varchar(4096) not null,
    file_version timestamp not null,
    row_count bigint not null,
    corrected_count bigint not null,
    accepted boolean not null,
    ruleset varchar(65535),
    reading varchar(65535) not null,
    taken varchar(65535) not null,
    requested_at timestamp not null,
    requested_by varchar(1024) not null,
    why varchar(4096) not null
)
diststyle all
sortkey (requested_at)
