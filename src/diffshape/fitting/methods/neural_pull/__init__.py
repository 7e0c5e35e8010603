"""Neural-Pull: settings, queries and task."""
