-- Films that stand in the table more than once; must be none.
select
    count(*) as keys,
    cast(coalesce(sum(row_count), 0) as bigint) as row_count
from (
    select
        movie_id,
        count(*) as row_count
    from movie_data_table
    group by movie_id
    having count(*) > 1
) as repeated
