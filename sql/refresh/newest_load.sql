-- When rows were loaded last; null where there are none.
select max(loaded_at) as loaded_at
from {table}
