-- One notice to send.
insert into mp_outbox (id, kind, body, created_at, sent_at)
values (:id, :kind, :body, :created_at, cast(null as timestamp))
