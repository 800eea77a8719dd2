"""What verification is asked to check: the claims that an analysis makes, as plain data."""
