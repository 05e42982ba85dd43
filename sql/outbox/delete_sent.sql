-- Notices that were sent before a moment are forgotten.
delete from mp_outbox
where sent_at < :before
