"""Tests of the warehouses and of the SQL they run."""
