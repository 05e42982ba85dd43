-- One more transaction that wrote.
update mp_warehouse
set generation = generation + 1
