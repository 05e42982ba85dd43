-- The keys of records set apart are kept from now on, so that those are known that a later file replaced.
delete from mp_set_apart
