"""One shape becomes one field."""

from diffshape._lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "config": "OrientationConfig ScanConfig",
        "orientation": "Orientation OrientationTrust orient_points",
        "scan": "PreparedScan prepare_scan",
    },
)
