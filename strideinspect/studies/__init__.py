"""Questions that take several analyses of one network; a file each."""
