"""What a fit is made of: the scan or mesh, the surface it is scored against, and where the run folder keeps both."""
