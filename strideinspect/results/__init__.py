"""What users get: frozen data, and nothing that needs a room above."""
