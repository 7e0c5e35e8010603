"""Pictures and reports of shapes and runs; once imported, results show themselves as pictures in a notebook."""

from diffshape._lazy import lazy_names
from diffshape.report import notebook as notebook

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
