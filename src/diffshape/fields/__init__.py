"""Neural fields f(x): callable modules with ``value_and_gradient``."""
