"""One shape becomes one field."""

from diffshape._lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "config": "DiffCD OrientationConfig ScanConfig",
        "field_score": "score_field",
        "meshes": "fit_mesh",
        "orientation": "Orientation OrientationTrust orient_points",
        "points": "fit_points",
        "presets": "Preset mesh_preset preset",
        "result": "FitResult",
        "run": "resume_fit",
        "run_folder": "load",
        "scan": "PreparedScan prepare_scan",
        "supervised_config": "Supervised",
    },
)
