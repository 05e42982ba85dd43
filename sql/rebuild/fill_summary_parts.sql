-- Summary parts that were made anew, in place of those that stood here.
insert into mp_summary_parts (
    file_id,
    place,
    piece
)
select
    file_id,
    place,
    piece
from {rebuilt}.mp_summary_parts
