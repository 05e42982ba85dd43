-- The schema of a dataset that is not alone in its warehouse.
create schema if not exists :schema
