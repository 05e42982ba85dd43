-- The batch's rows, in the columns of its Parquet files by position; gone with the connection.
create temp table movie_staging as
select
    movie_id,
    movie_title,
    release_year,
    certificate,
    runtime_minutes,
    genre,
    imdb_rating,
    overview,
    meta_score,
    director,
    star1,
    star2,
    star3,
    star4,
    votes,
    gross_usd,
    poster_link,
    other_columns,
    file_id,
    record_number,
    file_version
from movie_data_table
where 1 = 0
