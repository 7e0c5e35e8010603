"""One shape becomes one field."""

from diffshape._lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "config": "DiffCD Preset ScanConfig preset",
        "points": "fit_points resume_fit",
        "result": "FitResult",
        "run_folder": "load",
        "scan": "PreparedScan prepare_scan",
    },
)
