"""Tests of assets, checks and sensors."""
