"""Settings of a project, read from `pyproject.toml` or `strideinspect.toml`."""
