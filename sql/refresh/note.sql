-- A view shows all that was loaded by then.
insert into mp_view_refreshes (view_name, loaded_through)
values (:view_name, :loaded_through)
