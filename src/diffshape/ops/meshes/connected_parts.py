"""Parts of a graph, or of a mesh, that hang together."""

import numpy as np
from numpy.typing import NDArray


def connected_parts(one: NDArray[np.integer], other: NDArray[np.integer], count: int) -> NDArray[np.int32]:
    """The connected part, 0 to P - 1, of each of ``count`` nodes, of which ``one[i]`` is linked to ``other[i]``.

    Args:
        one: First node of each link, (E,).
        other: Second node of each link, (E,).
        count: Number of nodes.

    >>> connected_parts(np.array([0, 3]), np.array([2, 4]), 5).tolist()
    [0, 1, 0, 2, 2]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(one), bool), (one, other)), shape=(count, count))
    return connected_components(links, directed=False)[1]


def vertex_parts(faces: NDArray[np.integer], count: int) -> NDArray[np.int32]:
    """The connected part of each of ``count`` vertices, (V,), linked by the edges of the faces (F, 3).

    A vertex that no face uses is a part by itself; vertices at one place with two numbers are not linked.
    """
    one, other = np.concatenate([faces[:, :2], faces[:, 1:]]).T
    return connected_parts(one, other, count)


def count_bodies(faces: NDArray[np.integer], count: int) -> int:
    """Number of the connected parts that faces (F, 3) of ``count`` vertices make.

    >>> count_bodies(np.array([[0, 1, 2], [2, 1, 3], [4, 5, 6]]), 9)
    2
    """
    return len(np.unique(vertex_parts(faces, count)[faces[:, 0]]))
