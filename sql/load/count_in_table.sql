-- Rows that the table has of each file in mp_wanted.
select
    {table}.file_id,
    count(*) as row_count
from {table}
inner join mp_wanted
    on {table}.file_id = mp_wanted.value
group by {table}.file_id
