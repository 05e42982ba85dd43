"""Who judges the rows of a large file in this process's place: the port and its adapters.

Reading, splitting and publishing stay in steps/.
"""
