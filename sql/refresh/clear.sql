-- Forget the earlier refresh of a view.
delete from mp_view_refreshes
where view_name = :view_name
