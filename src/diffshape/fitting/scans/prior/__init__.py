"""Points of a scan moved to the surface that they were measured on."""
