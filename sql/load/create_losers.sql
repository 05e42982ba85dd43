-- Of several rows of one film the latest file version stays, then the higher file id, then the later
-- record. Only repeated films are ranked: a window over all rows would cost more than the load.
create temp table movie_staging_losers as
select
    movie_id,
    file_id,
    record_number
from (
    select
        staged.movie_id,
        staged.file_id,
        staged.record_number,
        row_number() over (
            partition by staged.movie_id
            order by staged.file_version desc, staged.file_id desc, staged.record_number desc
        ) as place
    from movie_staging as staged
    inner join (
        select movie_id
        from movie_staging
        group by movie_id
        having count(*) > 1
    ) as repeated
        on staged.movie_id = repeated.movie_id
) as ranked
where place > 1
