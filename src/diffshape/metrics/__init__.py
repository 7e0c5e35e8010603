"""Numbers reported without gradients."""
