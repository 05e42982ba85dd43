-- How many records of one file one rule set apart.
insert into mp_reason_counts (file_id, rule, record_count)
values (:file_id, :rule, :record_count)
