"""What the lock files pin, held against known vulnerabilities."""
