"""The real daemon for many minutes, with files dropping and everything disturbed: `make soak`."""
