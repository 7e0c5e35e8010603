"""Files, frames, samplers and procedural shapes. Importing it needs neither torch nor any file library."""

from diffshape._lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "arrays": "ReadError",
        "families": "ShapeFamily shape_family",
        "files": "atomic_path write_mesh write_points",
        "frame": "Frame find_outliers",
        "landmark_folder": "read_landmark_folder skeleton_of",
        "landmark_images": "LandmarkImages",
        "mesh_folder": "read_mesh_folder",
        "meshes": "Mesh as_mesh read_mesh",
        "points": "PointCloud as_points clean_points read_points",
        "procedural": "ProceduralObject procedural_object",
        "scan": "demo_scan simulate_scan",
        "signed_distance": "DistanceSamples SignedDistance",
        "spine_phantom": "spine_phantoms",
        "spine_phantom_config": "SpinePhantomConfig",
        "templates": "box_mesh icosphere torus_mesh",
    },
)
