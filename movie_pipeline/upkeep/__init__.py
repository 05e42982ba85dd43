"""What keeps a warehouse for years: verify, back up, restore, rebuild. No Dagster.

Everything here works from what lies beside the warehouse; see ledger/decision_records.py.
"""
