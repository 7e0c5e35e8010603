"""Losses of meshes."""
