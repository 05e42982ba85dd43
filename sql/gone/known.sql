-- The files whose quarantine file was removed when that was looked for last.
select file_id
from mp_gone
