-- The tables and views of one schema.
select distinct table_name
from svv_columns
where table_schema = :schema_name
