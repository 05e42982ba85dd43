-- The films. The contract's columns come first, in the order of datasets/movies/contract.py; what the file brought beside
-- them is JSON text in other_columns; the rest says where a row comes from. No primary key: Redshift
-- would not enforce one, but would trust it.
create table if not exists movie_data_table (
    movie_id varchar(64) not null,
    movie_title varchar(1024) not null,
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
    file_id varchar(64) not null,
    record_number bigint not null,
    file_version timestamp not null,
    loaded_at timestamp not null
)
diststyle key
distkey (movie_id)
sortkey (movie_id)
