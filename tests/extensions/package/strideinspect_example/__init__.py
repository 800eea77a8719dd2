"""An example of a package that adds an operator to strideinspect."""
