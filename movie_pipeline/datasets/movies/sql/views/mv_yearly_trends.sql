-- Each year's films and figures; films without a year are in none.
create materialized view mv_yearly_trends
diststyle all
sortkey (release_year)
auto refresh no
as
select
    release_year,
    count(*) as movies,
    avg(imdb_rating) as average_rating,
    max(imdb_rating) as best_rating,
    avg(cast(runtime_minutes as double precision)) as average_runtime_minutes,
    avg(cast(meta_score as double precision)) as average_meta_score,
    cast(sum(votes) as bigint) as total_votes,
    cast(sum(gross_usd) as bigint) as total_gross_usd
from movie_data_table
where release_year is not null
group by release_year
