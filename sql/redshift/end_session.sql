-- End another session of this user's, with its statement, its transaction and its locks.
select pg_terminate_backend(:session) as ended
