"""Points as text."""
