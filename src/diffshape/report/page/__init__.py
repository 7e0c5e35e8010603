"""Pages in HTML that hold all that they show: no file beside them, no network."""
