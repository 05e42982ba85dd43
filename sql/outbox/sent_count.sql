-- How many notices were sent before a moment.
select count(*) as notices
from mp_outbox
where sent_at < :before
