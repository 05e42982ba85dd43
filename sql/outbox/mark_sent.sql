-- It was handed over; the first time is kept.
update mp_outbox
set sent_at = :sent_at
where id = :id
    and sent_at is null
