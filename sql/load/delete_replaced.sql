-- The first half of the upsert: the table's rows that staging replaces.
delete from movie_data_table
using movie_staging
where movie_data_table.movie_id = movie_staging.movie_id
