"""Quarantined records: the lines they are kept as, and how they are written with their reasons.

Which records these are is decided in steps/; how they are corrected, in replay/.
"""
