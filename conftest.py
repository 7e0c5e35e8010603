"""Leaves out modules that need Triton where it is not installed: pytest imports every module to look for examples."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("triton") else ["src/diffshape/*/triton_*.py"]
