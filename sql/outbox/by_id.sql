-- Whether a notice is kept already.
select id
from mp_outbox
where id = :id
