"""Models that learn from many examples: autoencoders of points, meshes and voxels, DeepSDF, and landmark networks.

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

__getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
