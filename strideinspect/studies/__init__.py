"""Studies that compare several analyses of one network, one per file."""
