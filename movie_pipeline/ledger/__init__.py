"""What is known of every file, and what is still to be told: the tables beside the data, as values.

The steps that write them stand in steps/.
"""
