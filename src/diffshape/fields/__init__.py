"""Neural fields f(x): callable modules with ``value_and_gradient``."""

from diffshape._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
