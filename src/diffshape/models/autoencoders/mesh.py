"""A mesh autoencoder: a code of points, and a closed template that the code pushes into shape.

The code is the maximum over the points of a network on each (Qi et al., PointNet, CVPR 2017). A network of template
vertex and code gives the offset of that vertex, zero before training (Wang et al., Pixel2Mesh, ECCV 2018, deforms
an ellipsoid likewise). Faces are those of the template: closed and oriented whatever the offsets are.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape.data import icosphere, torus_mesh
from diffshape.losses import LossTerms, mesh_loss
from diffshape.models.autoencoders.autoencoder import Autoencoder
from diffshape.models.autoencoders.config import MeshConfig, MeshNetwork
from diffshape.models.autoencoders.layers import activation, linear, perceptron, run


class MeshModel(Autoencoder):
    """Points (B, N, 3), vertices or any others, to vertices (B, V, 3) of a mesh with faces ``self.faces``.

    ``build_model`` makes one with weights from a seed.
    """

    KIND = "mesh"
    CONFIG = MeshConfig

    config: MeshConfig
    template: Float[Tensor, "v 3"]
    faces: Int[Tensor, "f 3"]

    @checked
    def __init__(self, config: MeshConfig) -> None:
        super().__init__(config)
        network = config.network
        vertices, faces = _template(network)
        self.register_buffer("template", torch.tensor(vertices, dtype=torch.float32), persistent=False)
        self.register_buffer("faces", torch.tensor(faces), persistent=False)
        hidden, nonlinearity, dropout = network.hidden, network.activation, network.dropout
        self.encoder = perceptron([3, *hidden, network.latent], nonlinearity, dropout)
        self.to_code = nn.Sequential(activation(nonlinearity), linear(network.latent, network.latent))
        self.decoder = perceptron([3 + network.latent, *hidden, 3], nonlinearity, dropout)
        last = self.decoder[-1]
        nn.init.zeros_(last.weight)  # type: ignore[arg-type]
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    @checked
    def encode(self, samples: Float[Tensor, "b n 3"]) -> Float[Tensor, "b latent"]:
        """Codes of clouds, the same for any order of their points."""
        if samples.ndim != 3 or samples.shape[-1] != 3 or not samples.shape[1]:
            raise ValueError(f"MeshModel: samples must have shape (B, N, 3), got {tuple(samples.shape)}")
        features = run(self.encoder, samples, again=self.config.network.checkpointing)
        return self.to_code(features.amax(1))

    @checked
    def decode(self, codes: Float[Tensor, "b latent"]) -> Float[Tensor, "b v 3"]:
        """Vertices of codes."""
        self.check_codes(codes)
        template = self.template.expand(len(codes), -1, -1)
        inputs = torch.cat([template, codes[:, None].expand(-1, len(self.template), -1)], -1)
        return template + run(self.decoder, inputs, again=self.config.network.checkpointing)

    @checked
    def loss(self, pred: Float[Tensor, "b v 3"], target: Float[Tensor, "b v 3"]) -> LossTerms:
        """``losses.mesh_loss`` with the weights of the settings."""
        config = self.config
        return mesh_loss(
            pred,
            target,
            self.faces,
            vertex_weight=config.vertex_weight,
            normal_weight=config.normal_weight,
            edge_weight=config.edge_weight,
        )


def _template(network: MeshNetwork):  # noqa: ANN202
    if network.template == "icosphere":
        return icosphere(network.subdivisions)
    return torus_mesh(6 * 2**network.subdivisions, 3 * 2**network.subdivisions)
