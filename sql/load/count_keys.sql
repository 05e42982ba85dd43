-- How many rows and how many films: where they differ, films stand in staging more than once.
select
    count(*) as row_count,
    count(movie_id) as keyed_count,
    count(distinct movie_id) as key_count
from movie_staging
