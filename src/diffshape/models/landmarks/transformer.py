"""The network of MAHT-Net's design: a pretrained backbone, a transformer on its coarsest features, a query a landmark.

    backbone           features at 1/4, 1/8, 1/16 and 1/32 of the image, by timm; EfficientNetV2-S by default
    bridge             a transformer among the tokens at 1/32, with sine positions
    vertebral attention  queries attend to each other, with a learnt bias by whether two landmarks belong to the same
                       vertebra, to neighbours or to distant ones, and then at the tokens
    decoder            tokens enlarged step by step and added to the finer features, to pixels at 1/4
    heads              heat-map = query . pixel; ln(variance) from the query

Sources: mohamednourdine/spondylolisthesis-maht-net, docs/architecture (the design); Tan, Le, EfficientNetV2, ICML 2021;
Cheng et al., Mask2Former, CVPR 2022 (maps as products of queries and pixels).
"""

import math
from types import ModuleType

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape.losses import Skeleton
from diffshape.models.landmarks.config import LandmarkTransformerConfig
from diffshape.models.landmarks.output import LandmarkOutput

RELATIONS = (1.0, 0.5, 0.0)
"""Attention bias before training: of one vertebra, of neighbours, of distant ones."""


class LandmarkTransformer(nn.Module):
    """Heat-maps at 1/4 of the image, and the predicted variance of each landmark.

    Args:
        skeleton: Landmarks and vertebrae: one query for each landmark, related by the vertebrae they belong to.
        config: ``LandmarkTransformerConfig()`` if ``None``, which downloads weights.
        start: Predicted ln(variance) before training, in pixels of the heat-map.

    Raises:
        ImportError: timm is not installed, or cannot be imported.
        ValueError: The backbone has no features at 1/4 or 1/32.
    """

    stride = 4

    @checked
    def __init__(
        self, skeleton: Skeleton, config: LandmarkTransformerConfig | None = None, *, start: float = 0.0
    ) -> None:
        super().__init__()
        config = config or LandmarkTransformerConfig()
        self.backbone = backbone_library().create_model(
            config.backbone, pretrained=config.pretrained, features_only=True, in_chans=1
        )
        self.coarsest = config.coarsest
        info = self.backbone.feature_info  # type: ignore[union-attr]
        strides = list(info.reduction())
        if self.stride not in strides or strides[-1] != self.coarsest:
            raise ValueError(f"LandmarkTransformer: backbone must have features at 1/4 to 1/32, got {strides}")
        self.first = strides.index(self.stride)
        *finer, coarsest = list(info.channels())[self.first :]
        self.tokens = nn.Conv2d(coarsest, config.width, 1)
        self.bridge = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(
                config.width,
                config.heads,
                config.feed_forward,
                config.dropout,
                batch_first=True,
                norm_first=True,
                activation="gelu",
            ),
            config.bridge_layers,
            enable_nested_tensor=False,
        )
        self.queries = nn.Parameter(torch.randn(skeleton.count, config.width) / math.sqrt(config.width))
        self.attention = nn.ModuleList(VertebralAttention(skeleton, config) for _ in range(config.query_layers))
        pixels = config.width // 4
        self.narrow = nn.Conv2d(config.width, pixels, 1)
        self.laterals = nn.ModuleList(nn.Conv2d(channels, pixels, 1) for channels in reversed(finer))
        self.smooth = nn.ModuleList(
            nn.Sequential(nn.Conv2d(pixels, pixels, 3, padding=1), nn.GroupNorm(1, pixels), nn.GELU()) for _ in finer
        )
        self.to_maps, self.to_variance = nn.Linear(config.width, pixels), nn.Linear(config.width, 2)
        nn.init.zeros_(self.to_variance.weight)
        nn.init.constant_(self.to_variance.bias, start)

    @checked
    def forward(self, images: Float[Tensor, "b 1 h w"]) -> LandmarkOutput:
        """Heat-maps and ln(variance).

        Raises:
            ValueError: The images are not grey, or their sides no multiples of 32.
        """
        if (
            images.ndim != 4
            or images.shape[1] != 1
            or images.shape[2] % self.coarsest
            or images.shape[3] % self.coarsest
        ):
            raise ValueError(
                f"LandmarkTransformer: images must have shape (B, 1, H, W), H and W multiples of {self.coarsest}, "
                f"got {tuple(images.shape)}"
            )
        *finer, coarsest = self.backbone(images)[self.first :]
        grid = self.tokens(coarsest)
        tokens = self.bridge((grid + sine_positions(grid)).flatten(2).transpose(1, 2))
        queries = self.queries.expand(len(images), -1, -1)
        for layer in self.attention:
            queries = layer(queries, tokens)
        pixels = self.narrow(tokens.transpose(1, 2).reshape(grid.shape))
        for lateral, smooth, features in zip(self.laterals, self.smooth, reversed(finer)):
            enlarged = nn.functional.interpolate(pixels, size=features.shape[-2:], mode="bilinear")
            pixels = smooth(enlarged + lateral(features))
        heatmaps = torch.einsum("bkc,bchw->bkhw", self.to_maps(queries), pixels) / math.sqrt(pixels.shape[1])
        return LandmarkOutput(heatmaps, self.to_variance(queries))


class VertebralAttention(nn.Module):
    """One layer: queries among themselves with the anatomical bias, queries to tokens, and a feed-forward network."""

    def __init__(self, skeleton: Skeleton, config: LandmarkTransformerConfig) -> None:
        super().__init__()
        width, heads, dropout = config.width, config.heads, config.dropout
        self.register_buffer("relations", vertebral_relations(skeleton), persistent=False)
        self.bias = nn.Parameter(torch.tensor(RELATIONS))
        self.among = nn.MultiheadAttention(width, heads, dropout, batch_first=True)
        self.across = nn.MultiheadAttention(width, heads, dropout, batch_first=True)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, config.feed_forward), nn.GELU(), nn.Dropout(dropout), nn.Linear(config.feed_forward, width)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))

    def forward(self, queries: Float[Tensor, "b k c"], tokens: Float[Tensor, "b n c"]) -> Float[Tensor, "b k c"]:
        """Queries (B, K, C), updated from each other and from tokens (B, N, C)."""
        bias = self.bias[self.relations]  # type: ignore[index]
        seen = self.norms[0](queries)
        queries = queries + self.among(seen, seen, seen, attn_mask=bias, need_weights=False)[0]
        queries = queries + self.across(self.norms[1](queries), tokens, tokens, need_weights=False)[0]
        return queries + self.feed_forward(self.norms[2](queries))


def vertebral_relations(skeleton: Skeleton) -> Int[Tensor, "k k"]:
    """0 for two landmarks of one vertebra, 1 of neighbours, 2 of distant ones; one that is in none is distant to all.

    >>> vertebral_relations(Skeleton.lateral(2))[0, [1, 4, 8]]
    tensor([0, 1, 2])
    """
    place = 3 * torch.arange(skeleton.count) + 3 * len(skeleton.quadrilaterals) + 3  # far from all others
    parts = [*skeleton.quadrilaterals, *([skeleton.end_edge] if skeleton.end_edge else [])]
    for level, part in enumerate(parts):
        place[list(part)] = level
    return (place[:, None] - place).abs().clamp(max=2)


def sine_positions(grid: Float[Tensor, "b c h w"]) -> Float[Tensor, "c h w"]:
    """Sines and cosines of column and row, c / 4 frequencies each (Vaswani et al., NeurIPS 2017, in two dimensions)."""
    channels, height, width = grid.shape[1:]
    rates = 100.0 ** -torch.linspace(0, 1, channels // 4, dtype=grid.dtype, device=grid.device)
    columns, rows = (rates[:, None] * torch.arange(n, dtype=grid.dtype, device=grid.device) for n in (width, height))
    along = torch.cat([columns.sin(), columns.cos()])[:, None, :].expand(-1, height, -1)
    return torch.cat([along, torch.cat([rows.sin(), rows.cos()])[:, :, None].expand(-1, -1, width)])


def backbone_library() -> ModuleType:
    """timm.

    Raises:
        ImportError: It is not installed, or the torchvision that it uses was made for another torch.
    """
    try:
        import timm  # type: ignore[import-not-found]
    except (ImportError, RuntimeError) as error:
        raise ImportError(
            "LandmarkTransformer: its backbone comes from timm, which cannot be imported here "
            f"({error}); pip install timm, with a torchvision made for this torch"
        ) from error
    return timm
