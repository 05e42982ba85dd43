-- No view shows what was made anew.
delete from mp_view_refreshes
