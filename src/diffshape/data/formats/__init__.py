"""Readers and writers of point files, a format or two a file."""
