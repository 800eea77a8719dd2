"""How fast and how small strideinspect is beside other ways to look at a model: `python -m benchmarks`."""
