-- A warehouse gets its identity, once.
insert into mp_warehouse (
    warehouse_id,
    schema_version,
    table_version,
    generation,
    program_version,
    made_at
)
values (:warehouse_id, :schema_version, :table_version, :generation, :program_version, :made_at)
