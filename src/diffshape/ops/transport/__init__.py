"""Matching of point sets: assignment, auction, entropic transport."""
