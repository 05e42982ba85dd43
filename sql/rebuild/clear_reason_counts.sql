-- Make room for reason counts that were made anew.
delete from mp_reason_counts
