"""What the library costs and how good it is, measured beside peers; run from the root of the repository."""
