"""Neighbourhoods of the points of a scan as a network sees them, however the scan is turned, scaled or mirrored."""
