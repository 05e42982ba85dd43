"""What starts runs and tells people, by looking again and again; thin over plain functions.

No sensor keeps a cursor: the landing area, the ledger, the outbox and the runs are the state.
"""
