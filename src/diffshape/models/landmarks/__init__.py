"""Landmark networks."""
