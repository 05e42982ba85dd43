-- Which warehouse this is.
select
    warehouse_id,
    schema_version,
    table_version,
    generation,
    program_version,
    made_at
from mp_warehouse
