"""Networks that answer one image with a cloud of points, in as many ways as the image leaves open."""
