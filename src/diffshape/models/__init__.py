"""What learns from many examples: autoencoders of point clouds, meshes and voxels, DeepSDF, and landmark networks.

>>> from diffshape import data, models, training
>>> shapes = data.shape_family("ellipsoid", 16)
>>> settings = models.MeshConfig(normal_weight=0.1, network=models.MeshNetwork(subdivisions=1))
>>> model = models.build_model(settings)
>>> task = models.Reconstruction(model, shapes.meshes(1)[0], batch=4)
>>> outcome = training.train(task, budget=training.Steps(3))
>>> list(outcome.terms.parts)
['vertex', 'normal', 'edge']
"""

from diffshape._lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "autoencoder": "Autoencoder",
        "build": "build_model",
        "config": "MeshConfig MeshNetwork ModelConfig PointCloudConfig PointCloudNetwork VoxelConfig VoxelNetwork",
        "deep_sdf": "DeepSDF load_deep_sdf",
        "deep_sdf_config": "PUBLISHED_DEEP_SDF DeepSDFConfig",
        "deep_sdf_run": "deep_sdf_shapes",
        "deep_sdf_samples": "FamilySamples sample_family",
        "deep_sdf_score": "DeepSDFScore FoundCodes find_codes score_deep_sdf",
        "deep_sdf_settings": "DeepSDFSettings DrawnShapes ShapeFolder",
        "deep_sdf_training": "DeepSDFResult train_deep_sdf",
        "mesh": "MeshModel",
        "point_cloud": "PointCloudModel",
        "reconstruction": "Reconstruction reconstruction_error",
        "saved": "load_model save_model",
        "voxel": "VoxelModel",
        "landmark_config": "FolderData LandmarkObjective LandmarkSettings LandmarkTraining LandmarkTransformerConfig "
        "LandmarkUNetConfig PhantomData",
        "landmark_detector": "LandmarkDetector LandmarkPrediction",
        "landmark_score": "LandmarkScore score_landmarks",
        "landmark_run": "landmark_data load_landmark_detector",
        "landmark_training": "LandmarkResult train_detector train_landmarks",
        "landmark_transformer": "LandmarkTransformer",
        "landmark_unet": "LandmarkUNet",
    },
)
