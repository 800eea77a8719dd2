"""The model: read without its weights, its nodes typed, its shapes, and the window graph."""
