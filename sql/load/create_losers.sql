-- Of several rows of one key the latest file version stays, then the higher file id, then the later
-- record. Only repeated keys are ranked: a window over all rows would cost more than the load.
create temp table mp_staging_losers as
select
    {key},
    file_id,
    record_number
from (
    select
        staged.{key},
        staged.file_id,
        staged.record_number,
        row_number() over (
            partition by staged.{key}
            order by staged.file_version desc, staged.file_id desc, staged.record_number desc
        ) as place
    from mp_staging as staged
    inner join (
        select {key}
        from mp_staging
        group by {key}
        having count(*) > 1
    ) as repeated
        on staged.{key} = repeated.{key}
) as ranked
where place > 1
