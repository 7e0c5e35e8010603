"""Readers and writers of mesh and point files, a format or two a file."""
