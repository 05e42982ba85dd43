-- The migrations up to these numbers are done, by this program.
update mp_warehouse
set
    schema_version = :schema_version,
    table_version = :table_version,
    program_version = :program_version
