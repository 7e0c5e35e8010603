"""Files, frames, samplers and procedural shapes. Importing it needs neither torch nor any file library."""

from diffshape._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
