"""The command line: parsing, writing and exit codes, nothing else. One file per command."""
