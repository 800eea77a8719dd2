"""Changing a model: a list of edits, applied to its graph in memory and spliced into its file."""
