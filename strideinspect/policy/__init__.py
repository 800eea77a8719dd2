"""What a project makes of findings: pure functions from a report to a report."""
