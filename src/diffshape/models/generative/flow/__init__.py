"""Flow matching on codes."""
