"""Shapes and scans that the library draws itself."""
