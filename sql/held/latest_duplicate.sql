-- When the bytes of a held file came last, as duplicates of it.
select max(again.file_version) as file_version
from mp_load_ledger as again
inner join mp_load_ledger as held
    on again.content_sha256 = held.content_sha256
where held.file_id = :file_id
    and held.state = 'HELD'
    and again.state = 'DUPLICATE'
