"""Solids drawn at random, with exact points and normals on their surface, and scans of them."""
