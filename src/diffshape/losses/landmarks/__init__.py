"""Losses of heat-maps and landmarks."""
