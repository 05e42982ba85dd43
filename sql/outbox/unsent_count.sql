-- How many notices were made before a moment and are not sent.
select count(*) as notices
from mp_outbox
where sent_at is null
    and created_at < :before
