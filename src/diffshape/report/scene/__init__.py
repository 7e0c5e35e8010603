"""What there is to see of a run or of files: layers of points and surfaces, which a page or a viewer draws."""
