"""Verification: the same claims, established by running onnxruntime and by none of the analysis' formulas."""
