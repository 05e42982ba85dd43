-- Reason counts that were made anew, in place of those that stood here.
insert into mp_reason_counts (
    file_id,
    rule,
    record_count
)
select
    file_id,
    rule,
    record_count
from {rebuilt}.mp_reason_counts
