-- The views that were refreshed before show rows that are gone, or lack rows that came back.
update mp_view_refreshes
set loaded_through = :loaded_through
