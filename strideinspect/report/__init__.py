"""What an inspection found (`model`), and one renderer per format: functions of the report that compute nothing."""
