"""Window nodes of the report: their attributes, their cost, and the downsampling ladder."""
