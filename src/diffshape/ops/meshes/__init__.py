"""Triangle meshes: topology, sampling, distances."""
