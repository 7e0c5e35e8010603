"""One shape becomes one field."""

from diffshape._lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "config": "DiffCD OrientationConfig ScanConfig",
        "field_score": "score_field",
        "fit_table": "FitRow FitTable tabulate_fits",
        "many_meshes": "fit_meshes",
        "meshes": "fit_mesh",
        "orientation": "Orientation OrientationTrust orient_points",
        "points": "fit_points",
        "presets": "Preset mesh_preset preset",
        "result": "FitResult",
        "run": "resume_fit",
        "run_folder": "load",
        "scan": "PreparedScan prepare_scan",
        "stop_rule": "StopRule",
        "supervised_config": "Supervised",
    },
)
