-- Make room for rows that were made anew.
delete from {table}
