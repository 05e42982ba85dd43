-- Each genre's films and figures. A film of three genres counts in all three, and once in each: files
-- separate genres by ", " or "|", and some repeat one.
create materialized view mv_genre_statistics
diststyle all
sortkey (genre)
auto refresh no
as
select
    genre,
    count(*) as movies,
    avg(imdb_rating) as average_rating,
    max(imdb_rating) as best_rating,
    avg(cast(runtime_minutes as double precision)) as average_runtime_minutes,
    cast(sum(votes) as bigint) as total_votes,
    cast(sum(gross_usd) as bigint) as total_gross_usd
from (
    select
        movie_id,
        genre,
        max(imdb_rating) as imdb_rating,
        max(runtime_minutes) as runtime_minutes,
        max(votes) as votes,
        max(gross_usd) as gross_usd
    from (
        select
            films.movie_id,
            trim(cast(part as varchar(512))) as genre,
            films.imdb_rating,
            films.runtime_minutes,
            films.votes,
            films.gross_usd
        from (
            select
                movie_id,
                imdb_rating,
                runtime_minutes,
                votes,
                gross_usd,
                split_to_array(replace(genre, '|', ','), ',') as parts
            from movie_data_table
        ) as films, films.parts as part
    ) as named
    where genre <> ''
    group by movie_id, genre
) as film_genres
group by genre
