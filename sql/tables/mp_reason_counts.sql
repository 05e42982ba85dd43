-- Of each file how many records each rule set apart, written in the transaction that decides on the file,
-- so that the backlog is counted without reading a summary. An empty rule: the reasons are not known.
create table if not exists mp_reason_counts (
    file_id varchar(64) not null,
    rule varchar(65535) not null,
    record_count bigint not null
)
diststyle auto
sortkey (file_id)
