-- Files whose quarantine file is not where it was put: their records count as gone. What the clean-up saw
-- last.
create table if not exists mp_gone (
    file_id varchar(64) not null
)
diststyle all
