"""Sets of vectors as codes (3DShape2VecSet): surface points to a few vectors, which the points in space look at."""
