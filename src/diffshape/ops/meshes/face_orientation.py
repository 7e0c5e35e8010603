"""Faces of a mesh that run against the rest of their surface.

Two faces that alone share an edge agree if they run along it in opposite ways. Every face is taken twice, as it is and
turned; of two neighbours the copies that agree are linked. A surface that has two sides falls into two linked parts,
mirror images of each other: the one that turns fewer faces is right. A surface with one side, a Möbius strip, is one
part, and nothing there is turned.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Int
from numpy.typing import NDArray
from torch import Tensor

from diffshape.ops.meshes.connected_parts import connected_parts
from diffshape.ops.meshes.topology import FaceSides, face_sides


def faces_against_the_rest(faces: Int[Tensor, "f 3"]) -> Bool[Tensor, "f"]:
    """True for the faces to turn, (F,): the fewer ones of each connected surface; of equally many the first face stays.

    Faces are connected through edges that exactly two of them have.

    >>> faces_against_the_rest(torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 2, 3]])).tolist()
    [False, False, False, True]
    """
    count, sides = len(faces), face_sides(faces)
    upward = (sides.ends[:, 0] == faces.T.reshape(-1)).cpu().numpy()
    one, other = _pairs(sides)
    turned = count * (upward[one] == upward[other])  # neighbours that disagree: one of them is linked turned
    one, other = one % count, other % count
    rows, columns = np.concatenate([one, one + count]), np.concatenate([other + turned, other + count - turned])
    part = connected_parts(rows, columns, 2 * count)
    as_given, mirrored = part[:count], part[count:]
    kept = np.bincount(as_given, minlength=2 * count)  # faces that each part leaves as they are
    _, first = np.unique(as_given, return_index=True)
    place = np.full(2 * count, count)
    place[as_given[first]] = first  # of the first face that a part leaves as it is
    fewer = kept[as_given] < kept[mirrored]
    tie = (kept[as_given] == kept[mirrored]) & (place[as_given] > place[mirrored])
    return torch.from_numpy(fewer | tie).to(faces.device)


class Surfaces(NamedTuple):
    """The connected surfaces of a mesh, S of them."""

    of_face: Int[Tensor, "f"]
    """Surface of each face, 0 to S - 1."""
    rims: Int[Tensor, "r 2"]
    """The sides of faces, by their two vertices, along which no or several other faces of the same surface meet it."""
    of_rim: Int[Tensor, "r"]
    """Surface of each side in ``rims``; a closed surface has none."""


def connected_surfaces(faces: Int[Tensor, "f 3"]) -> Surfaces:
    """Faces grouped into surfaces, connected through edges that exactly two faces have.

    Bodies that touch along an edge, which then has four faces, are two.

    >>> connected_surfaces(torch.tensor([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2], [4, 5, 6]]))
    Surfaces(of_face=tensor([0, 0, 0, 0, 1]), rims=tensor([[4, 5], [5, 6], [4, 6]]), of_rim=tensor([1, 1, 1]))
    """
    count, sides = len(faces), face_sides(faces)
    one, other = _pairs(sides)
    label = connected_parts(one % count, other % count, count)
    edge = sides.edge.cpu().numpy()
    crowded = np.flatnonzero(np.bincount(edge)[edge] != 2)  # sides that one face has alone, or more than two share
    of_side = label[crowded % max(count, 1)]
    _, place, uses = np.unique(of_side * len(edge) + edge[crowded], return_inverse=True, return_counts=True)
    rim = uses[place] != 2
    of_face, of_rim = (torch.from_numpy(each.astype(np.int64)).to(faces.device) for each in (label, of_side[rim]))
    return Surfaces(of_face, sides.ends[torch.from_numpy(crowded[rim]).to(faces.device)], of_rim)


def _pairs(sides: FaceSides) -> NDArray[np.int64]:
    """The two sides of every edge that exactly two faces have, (2, E)."""
    edge = sides.edge.cpu().numpy()
    uses = np.bincount(edge)
    places = np.zeros((2, len(uses)), np.int64)
    places[1, edge] = np.arange(len(edge))  # of several, the last one stays
    places[0, edge[::-1]] = np.arange(len(edge))[::-1]
    return places[:, uses == 2]
