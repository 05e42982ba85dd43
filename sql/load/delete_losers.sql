-- Take the rows that lost against another row of this batch out of staging.
delete from movie_staging
using movie_staging_losers
where movie_staging.movie_id = movie_staging_losers.movie_id
    and movie_staging.file_id = movie_staging_losers.file_id
    and movie_staging.record_number = movie_staging_losers.record_number
