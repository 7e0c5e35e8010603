"""From a raw scan to clean oriented points."""
