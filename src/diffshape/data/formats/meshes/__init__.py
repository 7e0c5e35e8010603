"""Mesh formats OBJ, OFF and STL."""
