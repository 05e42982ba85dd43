-- How many notices were made before a moment and are not sent; digests of batches may wait longer.
select count(*) as notices
from mp_outbox
where sent_at is null
    and created_at < :before
    and (id not like cast(:waiting as varchar(128)) or created_at < :digests_before)
