-- Records set apart of which the key can be told, so that it is seen where a later row took their place:
-- a row each, written in the transaction that decides on the file. rules: a JSON list of their reasons.
create table if not exists mp_set_apart (
    file_id varchar(64) not null,
    record_number bigint not null,
    {column_of_key},
    rules varchar(65535) not null
)
diststyle key
distkey ({key})
sortkey (file_id, record_number)
