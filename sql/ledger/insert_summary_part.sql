-- A piece of what a file's summary has no room for.
insert into mp_summary_parts (file_id, place, piece)
values (:file_id, :place, :piece)
