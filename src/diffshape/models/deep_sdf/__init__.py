"""DeepSDF: one network for a family of shapes."""
