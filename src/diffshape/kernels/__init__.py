"""Device code behind ``ops``: ``numba_*.py`` for the CPU, ``triton_*.py`` for CUDA. Only ``ops`` imports it."""
