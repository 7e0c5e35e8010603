"""Pictures of shapes and runs."""
