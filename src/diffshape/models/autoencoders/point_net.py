"""The PointNet autoencoder of latent_3d_points.

Every point passes the same layers, each with batch norm over all points of all clouds, and a ReLU behind each but the
last; the code is the maximum over the points. A perceptron makes all points at once from the code. Source: Achlioptas,
Diamanti, Mitliagkas, Guibas, ICML 2018, and its released code, in which the last layer of the encoder has a ReLU too.
"""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape.losses import LossTerms, chamfer_distance, earth_mover_distance
from diffshape.models.autoencoders.autoencoder import Autoencoder
from diffshape.models.autoencoders.layers import cloud_perceptron, linear
from diffshape.models.autoencoders.point_net_config import PointNetConfig, PointNetNetwork
from diffshape.models.clouds import check_cloud_pair


class PointNetModel(Autoencoder):
    """Clouds (B, N, 3) of any N to clouds (B, ``network.points``, 3).

    ``build_model`` makes one with weights from a seed, ``train_autoencoder`` one that has learnt.
    """

    KIND = "point-net"
    CONFIG = PointNetConfig

    config: PointNetConfig

    @checked
    def __init__(self, config: PointNetConfig) -> None:
        super().__init__(config)
        network = config.network
        self.encoder = nn.Sequential(*_point_layers(network))
        self.decoder = cloud_perceptron([network.latent, *network.decoder], network.points)

    @checked
    def encode(self, samples: Float[Tensor, "b n 3"]) -> Float[Tensor, "b latent"]:
        """Codes of clouds, the same for any order of their points."""
        if samples.ndim != 3 or samples.shape[-1] != 3 or not samples.shape[1]:
            raise ValueError(f"PointNetModel: samples must have shape (B, N, 3), got {tuple(samples.shape)}")
        features = self.encoder(samples.flatten(0, 1))  # (B N, latent)
        return features.unflatten(0, samples.shape[:2]).amax(1)

    @checked
    def decode(self, codes: Float[Tensor, "b latent"]) -> Float[Tensor, "b points 3"]:
        """Clouds of codes."""
        self.check_codes(codes)
        return self.decoder(codes)

    @checked
    def decode_codes(self, codes: Float[Tensor, "b latent"]) -> Float[Tensor, "b points 3"]:
        """Clouds of codes, without gradients, in evaluation mode.

        Where the encoder ends in a ReLU, codes below 0, which no cloud has but a generator may give, are set to 0.
        """
        return super().decode_codes(codes.clamp(min=0) if self.config.network.final_relu else codes)

    @checked
    def loss(self, pred: Float[Tensor, "b n 3"], target: Float[Tensor, "b m 3"]) -> LossTerms:
        """The distance that the config names, mean over the batch."""
        check_cloud_pair("PointNetModel.loss", pred, target)
        if self.config.loss == "chamfer":
            value = chamfer_distance(pred, target)
        else:
            value = earth_mover_distance(pred, target, solver=self.config.solver or "exact")
        return LossTerms(value, {self.config.loss: value})


def _point_layers(network: PointNetNetwork) -> list[nn.Module]:
    """Linear maps of the features of each point with batch norm, and the ReLUs behind them."""
    layers: list[nn.Module] = []
    for size, following in pairwise((3, *network.encoder, network.latent)):
        layers += [linear(size, following), nn.BatchNorm1d(following), nn.ReLU()]
    return layers if network.final_relu else layers[:-1]
