-- One value asked about.
insert into mp_wanted (value)
values (:value)
