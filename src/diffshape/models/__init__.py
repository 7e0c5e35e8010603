"""Networks that learn from many examples."""

from diffshape._lazy import lazy_names

__getattr__, __all__ = lazy_names(
    __name__,
    {
        "landmark_config": "FolderData LandmarkObjective LandmarkSettings LandmarkTraining LandmarkTransformerConfig "
        "LandmarkUNetConfig PhantomData",
        "landmark_detector": "LandmarkDetector LandmarkPrediction",
        "landmark_score": "LandmarkScore score_landmarks",
        "landmark_training": "landmark_data load_landmark_detector resume_landmarks train_landmarks",
        "landmark_transformer": "LandmarkTransformer",
        "landmark_unet": "LandmarkUNet",
    },
)
