-- Keys that stand in the table more than once; must be none.
select
    count(*) as keys,
    cast(coalesce(sum(row_count), 0) as bigint) as row_count
from (
    select
        {key},
        count(*) as row_count
    from {table}
    group by {key}
    having count(*) > 1
) as repeated
