"""From what the rooms found to the report's data."""
