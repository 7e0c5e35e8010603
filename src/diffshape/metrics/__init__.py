"""Numbers reported without gradients."""

from diffshape._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
