-- After the view was made.
insert into mp_view_definitions (name, definition_sha256)
values (:name, :definition_sha256)
