-- Where unqualified names are made: asked apart, as the leader node alone knows it.
select
    current_database() as database_name,
    current_schema() as schema_name
