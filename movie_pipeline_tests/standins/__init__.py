"""Programs that stand in for AWS in tests, and nowhere else: started lazily, stopped for sure."""
