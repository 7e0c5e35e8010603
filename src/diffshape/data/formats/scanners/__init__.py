"""Formats of laser scanners: E57, LAS, PCD, PTX."""
