"""Sets of shapes to learn from: one form for what is drawn and what is read, whatever the layout of the files."""
