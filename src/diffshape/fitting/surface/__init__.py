"""The mesh of a fitted field: clipped, without bodies that no data support, with what the points of the scan tell."""
