-- Everything the pipeline has decided on.
select file_id
from mp_load_ledger
