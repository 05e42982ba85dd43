-- The keys of a batch's records set apart, in the columns of its Parquet files by position; gone with the
-- connection.
create temp table mp_set_apart_staging (
    file_id varchar(64) not null,
    record_number bigint not null,
    {column_of_key},
    rules varchar(65535) not null
)
