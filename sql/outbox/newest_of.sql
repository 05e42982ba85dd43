-- The notices of one kind, sent or not, newest first.
select
    id,
    kind,
    body
from mp_outbox
where id like cast(:prefix as varchar(128))
order by created_at desc, id
limit :limit
