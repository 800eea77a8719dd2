"""What users get: frozen data that imports no other folder of the package."""
