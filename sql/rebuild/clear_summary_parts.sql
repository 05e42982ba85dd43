-- Make room for summary parts that were made anew.
delete from mp_summary_parts
