"""Many inputs, one command each: what is to be done, what was done, and the table of it."""
