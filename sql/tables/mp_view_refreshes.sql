-- Up to which load each view was refreshed. Times are UTC.
create table if not exists mp_view_refreshes (
    view_name varchar(128) not null,
    loaded_through timestamp
)
diststyle all
