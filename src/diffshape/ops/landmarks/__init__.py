"""Landmarks in images: coordinates, heat-maps, the skeleton they belong to."""
