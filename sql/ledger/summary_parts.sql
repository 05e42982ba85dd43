-- What the summaries of the files in mp_wanted had no room for, in pieces.
select
    mp_summary_parts.file_id,
    mp_summary_parts.place,
    mp_summary_parts.piece
from mp_summary_parts
inner join mp_wanted
    on mp_summary_parts.file_id = mp_wanted.value
order by mp_summary_parts.file_id, mp_summary_parts.place
