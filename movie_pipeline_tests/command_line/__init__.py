"""The command line: its words, its JSON and its exit codes, which other programs build on."""
