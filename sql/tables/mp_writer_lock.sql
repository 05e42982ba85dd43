-- Locked first by every writer, so that writers take turns and readers of the other tables never wait.
create table if not exists mp_writer_lock (
    x integer
)
diststyle all
