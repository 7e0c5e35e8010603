"""Losses of occupancy grids."""
