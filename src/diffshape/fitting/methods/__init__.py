"""The methods of fitting, each a config and a task."""
