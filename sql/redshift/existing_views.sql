-- The materialized views of every schema; CREATE MATERIALIZED VIEW has no IF NOT EXISTS.
select
    trim(database_name) as database_name,
    trim(schema_name) as schema_name,
    trim(name) as name
from svv_mv_info
