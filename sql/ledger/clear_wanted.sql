-- Make room for the next question.
delete from mp_wanted
