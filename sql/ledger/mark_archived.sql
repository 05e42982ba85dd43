-- The files are out of landing, or were found to be gone; the first to say so is kept. What was
-- decided again meanwhile is to be archived again, with its new record.
update mp_load_ledger
set
    archived_at = mp_marks.archived_at,
    history_name = mp_marks.history_name,
    archive_note = mp_marks.archive_note
from mp_marks
where mp_load_ledger.file_id = mp_marks.file_id
    and mp_load_ledger.state = mp_marks.state
    and mp_load_ledger.archived_at is null
