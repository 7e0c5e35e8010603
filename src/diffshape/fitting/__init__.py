"""One shape becomes one field."""

from diffshape._lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "config": "DiffCD OrientationConfig Preset ScanConfig preset",
        "orientation": "Orientation OrientationTrust orient_points",
        "points": "fit_points resume_fit",
        "result": "FitResult",
        "run_folder": "load",
        "scan": "PreparedScan prepare_scan",
    },
)
