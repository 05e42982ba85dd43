-- The reasons of the files in mp_wanted are counted anew.
delete from mp_reason_counts
using mp_wanted
where mp_reason_counts.file_id = mp_wanted.value
