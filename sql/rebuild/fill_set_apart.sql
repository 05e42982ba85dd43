-- Keys of records set apart that were made anew, in place of those that stood here.
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
from {rebuilt}.mp_set_apart
