-- The rows of the files in mp_wanted go.
delete from {table}
using mp_wanted
where {table}.file_id = mp_wanted.value
