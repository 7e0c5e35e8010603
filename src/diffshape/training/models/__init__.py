"""The training of a model on examples, the same for every kind: its task, its run, its result."""
