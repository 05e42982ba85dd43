-- A materialized view cannot be altered: a changed one is dropped and made again.
drop materialized view if exists :view
