"""``diffshape fit``."""
