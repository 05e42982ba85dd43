-- Which held files, and held replays of such, bring the contents in mp_wanted as they landed, oldest first.
select
    coalesce(roots.content_sha256, mp_load_ledger.content_sha256) as content_sha256,
    mp_load_ledger.file_id,
    coalesce(mp_replays.root_file_id, mp_load_ledger.file_id) as root_file_id,
    coalesce(roots.state, mp_load_ledger.state) as root_state
from mp_load_ledger
left join mp_replays
    on mp_load_ledger.object_key = mp_replays.object_key
left join mp_load_ledger as roots
    on mp_replays.root_file_id = roots.file_id
inner join mp_wanted
    on coalesce(roots.content_sha256, mp_load_ledger.content_sha256) = mp_wanted.value
where mp_load_ledger.state = 'HELD'
order by mp_load_ledger.committed_at, mp_load_ledger.file_id
