-- Digests of batches that wait to be collected into one notice, oldest first.
select
    id,
    kind,
    body,
    created_at
from mp_outbox
where sent_at is null
    and id like cast(:waiting as varchar(128))
order by created_at, id
limit :limit
