"""Distances between every two of many clouds."""
