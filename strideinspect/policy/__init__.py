"""A project's policy: severities, ignores and the baseline, as pure functions from a report to a report."""
