-- Make room for what is seen now.
delete from mp_gone
