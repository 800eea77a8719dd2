"""Figures for papers and slides by matplotlib, an extra: functions of results, as the formats in report/ are."""
