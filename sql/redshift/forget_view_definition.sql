-- Before the view is dropped: a crash after it leaves a view that is made again.
delete from mp_view_definitions
where name = :name
