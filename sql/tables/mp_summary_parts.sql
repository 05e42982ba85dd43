-- What a file's summary has no room for, such as the mapping of thousands of columns: JSON in pieces that
-- fit, written in the transaction that decides on the file. Most files have none.
create table if not exists mp_summary_parts (
    file_id varchar(64) not null,
    place integer not null,
    piece varchar(65535) not null
)
diststyle auto
sortkey (file_id)
