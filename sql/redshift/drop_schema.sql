-- What was made anew beside a dataset's own tables, when it is no longer needed.
drop schema if exists :schema cascade
