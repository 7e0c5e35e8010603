"""Families of shapes assembled from boxes, rods and superquadrics, many shapes at once, all of them known exactly."""
