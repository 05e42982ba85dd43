-- The summaries of the files in mp_wanted are written anew.
delete from mp_summary_parts
using mp_wanted
where mp_summary_parts.file_id = mp_wanted.value
