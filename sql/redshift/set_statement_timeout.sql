-- How long a statement of this session may take, waiting for a lock included.
set statement_timeout to :milliseconds
