-- Up to which load each view was refreshed.
select
    view_name,
    loaded_through
from mp_view_refreshes
