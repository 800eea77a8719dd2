"""The second check: the max-plus probe, a graph in which sums become maxima and each pixel carries its own index."""
