"""``diffshape train``, a file a model."""
