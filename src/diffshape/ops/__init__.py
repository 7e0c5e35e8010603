"""Differentiable primitives: neighbours, hash encoding, level-set projection, surface sampling, isosurfaces."""
