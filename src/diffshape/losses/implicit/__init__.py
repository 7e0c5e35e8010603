"""Losses of neural distance fields."""
