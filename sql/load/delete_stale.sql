-- Never regress: a staged row that is older than the table's row of the same film does not load.
delete from movie_staging
using movie_data_table
where movie_staging.movie_id = movie_data_table.movie_id
    and (
        movie_staging.file_version < movie_data_table.file_version
        or (
            movie_staging.file_version = movie_data_table.file_version
            and movie_staging.file_id < movie_data_table.file_id
        )
        or (
            movie_staging.file_version = movie_data_table.file_version
            and movie_staging.file_id = movie_data_table.file_id
            and movie_staging.record_number < movie_data_table.record_number
        )
    )
