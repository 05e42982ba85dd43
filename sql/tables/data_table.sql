-- The rows. The contract's columns come first, in the contract's order; what the file brought beside them
-- is JSON text in other_columns; the rest says where a row comes from. No primary key: Redshift would not
-- enforce one, but would trust it.
create table if not exists {table} (
    {columns_of_table},
    other_columns varchar(65535),
    file_id varchar(64) not null,
    record_number bigint not null,
    file_version timestamp not null,
    loaded_at timestamp not null
)
diststyle key
distkey ({key})
sortkey ({key})
