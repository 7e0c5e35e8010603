"""Which side of a cloud is the outside: winding numbers of points, and normals that agree with them."""
