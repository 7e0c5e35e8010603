"""Published layouts of files of shapes, each read to the parts of a set."""
