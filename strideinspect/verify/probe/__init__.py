"""The second check: the max-plus probe, a graph in which sums are maxima and each pixel carries its own number."""
