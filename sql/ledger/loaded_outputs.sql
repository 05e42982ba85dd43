-- The Parquet files of what was loaded and archived before a moment, oldest first.
select output_name
from mp_load_ledger
where state in ('LOADED', 'RETRACTED', 'REJUDGED')
    and output_name is not null
    and archived_at < :before
order by archived_at, output_name
