-- Notices to people, written in the transaction that makes them true and sent after it.
create table if not exists mp_outbox (
    id varchar(128) not null,
    kind varchar(32) not null,
    body varchar(65535) not null,
    created_at timestamp not null,
    sent_at timestamp
)
diststyle all
sortkey (created_at)
