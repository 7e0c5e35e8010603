"""Autoencoders of point clouds, meshes and voxels."""
