-- The loaded files with good rows, and how many they have, those that others superseded among them.
select
    file_id,
    rows_loaded + rows_superseded as row_count
from mp_load_ledger
where state = 'LOADED'
    and rows_loaded + rows_superseded > 0
