"""What one node reads of each of its inputs; one small file per operator family."""
