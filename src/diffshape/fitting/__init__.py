"""One shape becomes one field."""
