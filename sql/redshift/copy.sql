-- Parquet files, named in a manifest, into a table; by position. COPY takes no bound values: what stands
-- for the three names is checked and put in by redshift_sql.with_literals.
copy :table
from :manifest_url
iam_role :role_arn
format as parquet
manifest
