"""Telling people and programs: the ports and their adapters (log files, SNS, EventBridge).

What is told stands in ledger/; here is only how it goes out.
"""
