"""The live viewer of a fit that runs: its surface as it grows, its loss, pause and stop."""
