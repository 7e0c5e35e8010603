"""The report of one training: its curves, its scores, and what its model makes."""
