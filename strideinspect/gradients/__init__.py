"""Gradients of a model's tensors with respect to its inputs, as ONNX graphs that onnxruntime runs."""
