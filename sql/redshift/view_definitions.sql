-- The texts by their hashes.
select
    name,
    definition_sha256
from mp_view_definitions
