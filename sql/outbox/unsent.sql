-- What can be sent, oldest first: not the digests of batches, which are collected before.
select
    id,
    kind,
    body
from mp_outbox
where sent_at is null
    and id not like cast(:waiting as varchar(128))
order by created_at, id
limit :limit
