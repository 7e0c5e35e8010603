"""Networks that learn from many examples."""

from diffshape._lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
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
