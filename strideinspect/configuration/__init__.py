"""What a project wants, read from `pyproject.toml` or `strideinspect.toml`."""
