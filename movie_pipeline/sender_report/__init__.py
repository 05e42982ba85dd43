"""The answer to whoever sent a file: a page, the same as JSON, and the rows to correct.

What was decided stands in steps/ and ledger/; here is how it is told to somebody who has never
heard of them. Row values may stand in these files, as in quarantine, and nowhere else.
"""
