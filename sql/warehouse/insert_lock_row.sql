-- The row that writers lock where a warehouse has no LOCK.
insert into mp_writer_lock (x)
select 0
where not exists (
    select 1
    from mp_writer_lock
)
