-- The batch's rows, in the columns of its Parquet files by position; gone with the connection. Spelled
-- out, as DuckDB 2.0.0 loses rows that are inserted into a table made by an empty CREATE TABLE AS.
create temp table mp_staging (
    {columns_of_staging},
    other_columns varchar(65535),
    file_id varchar(64),
    record_number bigint,
    file_version timestamp
)
