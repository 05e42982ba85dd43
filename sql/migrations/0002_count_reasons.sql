-- Records set apart are counted by rule in a table of their own, filled from the ledger's summaries.
-- What reads the summaries is in movie_pipeline/warehouse/fillings.py, as no SQL of both warehouses can.
delete from mp_reason_counts
