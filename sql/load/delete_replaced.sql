-- The first half of the upsert: the table's rows that staging replaces.
delete from {table}
using mp_staging
where {table}.{key} = mp_staging.{key}
