"""Processes and folders that end with the run, and what ends a run: signals and time limits."""
