-- Each genre's films and figures. A film of three genres counts in all three, and once in each: files
-- separate genres by ", " or "|", and some repeat one. Many films have the same text of genres, so they
-- are summed up by it first, and of each text the genres are found once.
create materialized view mv_genre_statistics
diststyle all
sortkey (genre)
auto refresh no
as
select
    genre,
    cast(sum(movies) as bigint) as movies,
    cast(sum(rating_sum) as double precision)
        / nullif(cast(sum(rated) as double precision), 0) as average_rating,
    max(best_rating) as best_rating,
    cast(sum(runtime_sum) as double precision)
        / nullif(cast(sum(timed) as double precision), 0) as average_runtime_minutes,
    cast(sum(votes) as bigint) as total_votes,
    cast(sum(gross_usd) as bigint) as total_gross_usd
from (
    select
        genres,
        genre,
        max(movies) as movies,
        max(rating_sum) as rating_sum,
        max(rated) as rated,
        max(best_rating) as best_rating,
        max(runtime_sum) as runtime_sum,
        max(timed) as timed,
        max(votes) as votes,
        max(gross_usd) as gross_usd
    from (
        select
            texts.genres,
            trim(cast(part as varchar(512))) as genre,
            texts.movies,
            texts.rating_sum,
            texts.rated,
            texts.best_rating,
            texts.runtime_sum,
            texts.timed,
            texts.votes,
            texts.gross_usd
        from (
            select
                genres,
                split_to_array(replace(genres, '|', ','), ',') as parts,
                movies,
                rating_sum,
                rated,
                best_rating,
                runtime_sum,
                timed,
                votes,
                gross_usd
            from (
                select
                    genre as genres,
                    count(*) as movies,
                    cast(sum(imdb_rating) as double precision) as rating_sum,
                    count(imdb_rating) as rated,
                    max(imdb_rating) as best_rating,
                    cast(sum(runtime_minutes) as bigint) as runtime_sum,
                    count(runtime_minutes) as timed,
                    cast(sum(votes) as bigint) as votes,
                    cast(sum(gross_usd) as bigint) as gross_usd
                from movie_data_table
                group by genre
            ) as summed_up
        ) as texts, texts.parts as part
    ) as named
    where genre <> ''
    group by genres, genre
) as of_texts
group by genre
