"""The UI, looked at in a browser."""
