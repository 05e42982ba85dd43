-- Rows that this session's last COPY loaded, as the warehouse counts them.
select pg_last_copy_count() as row_count
