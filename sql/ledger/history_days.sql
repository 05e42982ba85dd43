-- The days on which files were decided that lie in history: a rejected file does not.
select distinct cast(committed_at as date) as day
from mp_load_ledger
where history_name is not null
    and state <> 'REJECTED'
