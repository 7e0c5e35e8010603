"""The report of a folder that holds several runs."""
