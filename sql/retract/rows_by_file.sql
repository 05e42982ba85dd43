-- Rows of each file that stand in the table.
select
    file_id,
    count(*) as row_count
from {table}
group by file_id
