-- Where the files of one archiving lie now; gone with the connection.
create temp table mp_marks (
    file_id varchar(64),
    state varchar(16),
    archived_at timestamp,
    history_name varchar(1024),
    archive_note varchar(1024)
)
