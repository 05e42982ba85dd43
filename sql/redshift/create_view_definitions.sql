-- From which text each materialized view was made: where a file under views/ says otherwise, the view is
-- made again.
create table if not exists mp_view_definitions (
    name varchar(128) not null,
    definition_sha256 varchar(64) not null
)
diststyle all
