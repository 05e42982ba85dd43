-- Which warehouse this is and of which version: one row. The generation counts what was committed, so
-- that an older copy of the same warehouse is noticed. Times are UTC.
create table if not exists mp_warehouse (
    warehouse_id varchar(64) not null,
    schema_version integer not null,
    table_version integer not null,
    generation bigint not null,
    program_version varchar(64) not null,
    made_at timestamp not null
)
diststyle all
