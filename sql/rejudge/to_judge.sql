-- The files that landed, are loaded or held, and were judged by another ruleset, oldest first.
select mp_load_ledger.file_id
from mp_load_ledger
left join mp_replays
    on mp_load_ledger.object_key = mp_replays.object_key
where mp_load_ledger.state in ('LOADED', 'HELD')
    and mp_load_ledger.ruleset_sha256 <> :ruleset_sha256
    and mp_replays.object_key is null
order by mp_load_ledger.committed_at, mp_load_ledger.file_id
