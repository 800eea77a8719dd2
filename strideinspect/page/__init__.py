"""The report as an HTML page: one file that needs no network. Functions of results, as the formats in report/ are."""
