"""Configs of the autoencoders: which loss, which network. Plain frozen dataclasses that need no torch.

Every setting changes something: one that the chosen loss has no use for must stay None.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from diffshape._typed import check_settings
from diffshape.models.autoencoders.point_net_config import PointNetConfig

Activation: TypeAlias = Literal["relu", "leaky_relu", "gelu", "silu", "tanh"]
PointLoss: TypeAlias = Literal[
    "chamfer", "density_aware_chamfer", "earth_mover", "hausdorff", "sinkhorn", "sliced_wasserstein"
]


@dataclass(frozen=True, kw_only=True)
class PointCloudNetwork:
    """A transformer: tokens that look at the points, a code, and queries that look at tokens made of the code."""

    points: int = 512
    """Number of points that are generated; clouds of any size are read."""
    tokens: int = 16
    """Tokens between points and code: cost grows with points times tokens, not with points squared."""
    width: int = 64
    """Features of a token; a multiple of ``heads``."""
    hidden: tuple[int, ...] = (128,)
    """Hidden sizes of the network within a layer."""
    layers: int = 2
    """Transformer layers, as many before the code as after it."""
    heads: int = 4
    """Attention heads."""
    latent: int = 32
    """Size of the code."""
    activation: Activation = "gelu"
    """Activation between linear maps."""
    dropout: float = 0.0
    """Share of features left out in training, in attention and behind each activation."""
    checkpointing: bool = False
    """Compute each layer again in the backward pass instead of keeping it: less memory, about a third more time."""

    def __post_init__(self) -> None:
        check_settings(self)
        _check_least(self, 1, "points", "tokens", "width", "layers", "heads", "latent")
        _check_network(self, self.hidden, self.dropout)
        if self.width % self.heads:
            raise ValueError(
                f"PointCloudNetwork: width must be a multiple of heads, got {self.width} and {self.heads} heads"
            )


@dataclass(frozen=True, kw_only=True)
class MeshNetwork:
    """Points to a code by a network on each and their maximum; a closed template that the code pushes into shape."""

    template: Literal["icosphere", "torus"] = "icosphere"
    """Closed mesh that the code pushes into shape, and whose faces stay: ``data.icosphere`` or ``data.torus_mesh``."""
    subdivisions: int = 3
    """Fineness n: 10 * 4^n + 2 vertices of the sphere, 18 * 4^n of the torus."""
    hidden: tuple[int, ...] = (128, 128)
    """Hidden sizes, before the code and after it."""
    latent: int = 32
    """Size of the code."""
    activation: Activation = "relu"
    """Activation between linear maps."""
    dropout: float = 0.0
    """Share of features left out in training, behind each activation."""
    checkpointing: bool = False
    """Compute encoder and decoder again in the backward pass instead of keeping them."""

    def __post_init__(self) -> None:
        check_settings(self)
        _check_least(self, 1, "latent")
        _check_least(self, 0, "subdivisions")
        _check_network(self, self.hidden, self.dropout)


@dataclass(frozen=True, kw_only=True)
class VoxelNetwork:
    """3-D convolutions that halve the grid to a code, and transposed ones that double it back."""

    resolution: int = 32
    """Voxels an axis, R >= 4, odd or even: (B, R, R, R) in and out."""
    base_channels: int = 16
    """Channels of the finest level; each coarser one has twice as many."""
    layers: int = 3
    """Levels, each of half the resolution, rounded up."""
    latent: int = 64
    """Size of the code."""
    activation: Activation = "relu"
    """Activation between convolutions."""
    dropout: float = 0.0
    """Share of channels left out in training, behind each activation."""
    checkpointing: bool = False
    """Compute each level again in the backward pass instead of keeping it."""

    def __post_init__(self) -> None:
        check_settings(self)
        _check_least(self, 4, "resolution")
        _check_least(self, 1, "base_channels", "layers", "latent")
        _check_network(self, (), self.dropout)


@dataclass(frozen=True, kw_only=True)
class PointCloudConfig:
    """An autoencoder of point clouds."""

    loss: PointLoss = "chamfer"
    """The function of ``diffshape.losses`` of that name; "earth_mover" needs as many points as it generates."""
    squared: bool | None = None
    """Whether distances are squared, for "chamfer", "density_aware_chamfer" and "earth_mover" only; None is the default
    of that loss."""
    blur: float | None = None
    """Blur of the "sinkhorn" loss, in the unit of the points; None is 1 % of the diagonal of the box of both clouds."""
    network: PointCloudNetwork = field(default_factory=PointCloudNetwork)
    """Network of the autoencoder."""

    def __post_init__(self) -> None:
        check_settings(self)
        _check_used(self, "squared", ("chamfer", "density_aware_chamfer", "earth_mover"))
        _check_used(self, "blur", ("sinkhorn",))
        if self.blur is not None and not self.blur > 0:
            raise ValueError(f"PointCloudConfig: blur must be positive, got {self.blur}")


@dataclass(frozen=True, kw_only=True)
class MeshConfig:
    """An autoencoder of meshes with the faces of its template, trained by ``losses.mesh_loss``.

    Smooth CAD parts: 0.5, 1.0, 0.1. Sharp furniture: 0.5, 0.1, 1.0.
    """

    vertex_weight: float = 1.0
    """Weight of the mean squared distance of the vertices."""
    normal_weight: float = 0.1
    """Weight of 1 - mean cosine of the face normals."""
    edge_weight: float = 0.1
    """Weight of the squared difference of edge lengths."""
    network: MeshNetwork = field(default_factory=MeshNetwork)
    """Network of the autoencoder."""

    def __post_init__(self) -> None:
        check_settings(self)
        _check_least(self, 0, "vertex_weight", "normal_weight", "edge_weight")
        if not self.vertex_weight + self.normal_weight + self.edge_weight > 0:
            raise ValueError("MeshConfig: one of vertex_weight, normal_weight and edge_weight must be positive")


@dataclass(frozen=True, kw_only=True)
class VoxelConfig:
    """An autoencoder of occupancy grids, on logits."""

    loss: Literal["cross_entropy", "focal", "dice"] = "cross_entropy"
    """``losses.voxel_cross_entropy``, ``voxel_focal_loss`` or ``voxel_dice_loss``."""
    positive_weight: float | None = None
    """Factor of occupied voxels in "cross_entropy", used by no other loss; None is 1."""
    focal_gamma: float | None = None
    """Exponent gamma of "focal", used by no other loss: the larger, the less easy voxels count; None is 2."""
    focal_alpha: float | None = None
    """Weight of occupied voxels in "focal", 0 to 1, used by no other loss; None weighs occupied and empty alike."""
    network: VoxelNetwork = field(default_factory=VoxelNetwork)
    """Network of the autoencoder."""

    def __post_init__(self) -> None:
        check_settings(self)
        _check_used(self, "positive_weight", ("cross_entropy",))
        _check_used(self, "focal_gamma", ("focal",))
        _check_used(self, "focal_alpha", ("focal",))
        if self.positive_weight is not None and not self.positive_weight > 0:
            raise ValueError(f"VoxelConfig: positive_weight must be positive, got {self.positive_weight}")
        if self.focal_gamma is not None and not self.focal_gamma >= 0:
            raise ValueError(f"VoxelConfig: focal_gamma must be 0 or more, got {self.focal_gamma}")
        if self.focal_alpha is not None and not 0 <= self.focal_alpha <= 1:
            raise ValueError(f"VoxelConfig: focal_alpha must lie between 0 and 1, got {self.focal_alpha}")


ModelConfig: TypeAlias = PointCloudConfig | PointNetConfig | MeshConfig | VoxelConfig
"""Config of any autoencoder."""


def _check_least(config: object, least: int, *names: str) -> None:
    for name in names:
        if not getattr(config, name) >= least:
            raise ValueError(f"{type(config).__name__}: {name} must be {least} or more, got {getattr(config, name)}")


def _check_network(config: object, hidden: tuple[int, ...], dropout: float) -> None:
    if not all(size >= 1 for size in hidden):
        raise ValueError(f"{type(config).__name__}: hidden must hold sizes of 1 or more, got {hidden}")
    if not 0 <= dropout < 1:
        raise ValueError(f"{type(config).__name__}: dropout must be a share in [0, 1), got {dropout}")


def _check_used(config: Any, name: str, users: tuple[str, ...]) -> None:
    """A setting is given only with a loss that reads it."""
    if getattr(config, name) is not None and config.loss not in users:
        raise ValueError(
            f"{type(config).__name__}: {name} acts only with loss {' or '.join(users)}, got loss {config.loss}"
        )
