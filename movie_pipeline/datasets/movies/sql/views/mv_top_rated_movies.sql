-- The films rated 8.0 or better. A materialized view has no order of its own: sort where it is read.
create materialized view mv_top_rated_movies
distkey (movie_id)
sortkey (imdb_rating)
auto refresh no
as
select
    movie_id,
    movie_title,
    release_year,
    imdb_rating,
    votes,
    meta_score,
    genre,
    director,
    star1,
    runtime_minutes,
    certificate,
    gross_usd
from movie_data_table
where imdb_rating >= 8.0
