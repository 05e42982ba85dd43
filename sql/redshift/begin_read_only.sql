-- A person's query cannot write, whatever it hides.
begin read only
