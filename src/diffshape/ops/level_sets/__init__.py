"""Level sets of fields: meshing them, and moving points onto them."""
