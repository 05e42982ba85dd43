-- The open records that later rows superseded, by file and by their reasons.
select
    file_id,
    rules,
    count(*) as row_count
from mp_superseded
group by file_id, rules
