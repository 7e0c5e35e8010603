"""Pictures as PNG files and in notebooks."""
