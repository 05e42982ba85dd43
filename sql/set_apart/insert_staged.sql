-- Keys that are kept from now on.
insert into mp_set_apart (
    file_id,
    record_number,
    {key},
    rules
)
select
    file_id,
    record_number,
    {key},
    rules
from mp_set_apart_staging
