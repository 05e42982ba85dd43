-- How large the table is, and when a row last came in.
select
    count(*) as row_count,
    max(loaded_at) as last_loaded_at
from {table}
