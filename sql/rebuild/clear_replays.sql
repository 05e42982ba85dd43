-- Make room for replays that were made anew.
delete from mp_replays
