"""Fits of several scans by several methods, side by side: rows, tables, pictures."""
