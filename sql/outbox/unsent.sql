-- What waits to be sent, oldest first.
select
    id,
    kind,
    body
from mp_outbox
where sent_at is null
order by created_at, id
