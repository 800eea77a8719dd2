"""Composing reads along the graph: actual fields, theoretical fields, liveness."""
