-- One file that is out of landing.
insert into mp_marks (file_id, archived_at, history_name, archive_note)
values (:file_id, cast(:archived_at as timestamp), :history_name, :archive_note)
