-- A file whose quarantine file was removed.
insert into mp_gone (file_id) values (:file_id)
