"""``diffshape batch``."""
