-- The latest version that a replay of this file, or of a replay of it, has.
select max(file_version) as file_version
from mp_replays
where root_file_id = :root_file_id
