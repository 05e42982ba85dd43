-- The columns of one table or view, in order.
select
    column_name,
    data_type,
    is_nullable
from information_schema.columns
where table_name = :table_name
order by ordinal_position
