"""Neural fields f(x): callable modules with ``value_and_gradient``."""

from diffshape._lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "build": "build_field",
        "config": "HASH_GRIDS FeatureGridConfig FieldConfig HashGridConfig LatentMLPConfig MLPConfig",
        "feature_grid": "FeatureGrid",
        "field": "Field",
        "field_files": "export load_field",
        "framed": "FramedField",
        "hash_grid": "HashGrid",
        "hash_grid_stack": "HashGridStack",
        "latent_mlp": "LatentMLP ShapeField",
        "mlp": "MLP",
        "softplus_network": "SoftplusNetwork",
    },
)
