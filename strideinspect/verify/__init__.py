"""Verification: check the analysis by running onnxruntime, without using any of the analysis' formulas."""
