"""The PLY format."""
