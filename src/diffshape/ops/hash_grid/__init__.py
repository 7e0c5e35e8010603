"""Multi-resolution hash grids: layout, encoding, queries."""
