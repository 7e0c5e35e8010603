"""The report of one fit: a page of its shape, its numbers, and where they come from."""
