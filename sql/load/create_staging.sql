-- The batch's rows, in the columns of its Parquet files by position; gone with the connection. Spelled
-- out, as DuckDB 2.0.0 loses rows that are inserted into a table made by an empty CREATE TABLE AS.
create temp table movie_staging (
    movie_id varchar(64),
    movie_title varchar(1024),
    release_year integer,
    certificate varchar(64),
    runtime_minutes integer,
    genre varchar(512),
    imdb_rating double precision,
    overview varchar(16384),
    meta_score integer,
    director varchar(1024),
    star1 varchar(512),
    star2 varchar(512),
    star3 varchar(512),
    star4 varchar(512),
    votes bigint,
    gross_usd bigint,
    poster_link varchar(2048),
    other_columns varchar(65535),
    file_id varchar(64),
    record_number bigint,
    file_version timestamp
)
