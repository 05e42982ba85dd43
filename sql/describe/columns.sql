-- The columns of one table or view, in order; of information_schema Redshift does not say which
-- views it lists.
select
    column_name,
    data_type,
    is_nullable,
    character_maximum_length
from svv_columns
where table_schema = :schema_name
  and table_name = :table_name
order by ordinal_position
