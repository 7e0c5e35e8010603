"""Occupancy Networks: whether a point is inside a shape, for any point, given a code of the shape."""
