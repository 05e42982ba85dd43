-- Values that a query of this session asks about: a list cannot be bound as one parameter.
create temp table if not exists mp_wanted (
    value varchar(1024)
)
