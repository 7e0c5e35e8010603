"""Losses between point sets."""
