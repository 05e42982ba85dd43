-- The keys of the rows that the table has of the files in mp_wanted.
select {table}.{key} as row_key
from {table}
inner join mp_wanted
    on {table}.file_id = mp_wanted.value
