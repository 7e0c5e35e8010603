"""How one set of shapes differs from another."""
