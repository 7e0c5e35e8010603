"""Jobs: one input file becomes one run folder."""
