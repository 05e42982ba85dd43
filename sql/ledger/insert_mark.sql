-- One file that is out of landing.
insert into mp_marks (file_id, state, archived_at, history_name, archive_note)
values (:file_id, :state, cast(:archived_at as timestamp), :history_name, :archive_note)
