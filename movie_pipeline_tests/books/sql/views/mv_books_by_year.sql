-- Each year's editions and their prices; books without a year are in none.
create materialized view mv_books_by_year
diststyle all
sortkey (published_year)
auto refresh no
as
select
    published_year,
    count(*) as books,
    avg(price) as average_price,
    cast(sum(copies_sold) as bigint) as total_copies_sold
from book_data_table
where published_year is not null
group by published_year
