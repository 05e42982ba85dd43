"""Tests of the deployments as wholes."""
