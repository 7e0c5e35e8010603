"""The drawing of one shape by one camera: what is seen, light, and the ground."""
