"""GLB, the binary form of glTF 2.0."""
