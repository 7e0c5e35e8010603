"""What docs/numerical-limits.md says, measured; run as a script it prints the tables of that page.

The true value of a loss of the very same float32 numbers is that in float64, near the origin and of a size about 1, a
change of unit being by a power of 2, which rounds nothing.
"""

import math

import torch
from torch import Tensor

from losses.laws.row import Row
from losses.laws.table import ROWS

SIZES = {
    "points, squared distances": "chamfer_distance",
    "points, distances": "chamfer_distance, plain",
    "earth mover's distance": "earth_mover_distance",
    "Sinkhorn divergence": "sinkhorn_divergence",
    "sliced Wasserstein distance": "sliced_wasserstein_distance",
    "points to a mesh, squared": "point_to_mesh_distance",
    "points to a mesh": "point_to_mesh_distance, plain",
    "vertices, edges": "edge_length_loss",
    "face normals": "face_normal_loss",
    "Laplacian": "laplacian_loss",
    "spines": "structure_loss",
    "coordinates of landmarks": "euclidean_loss",
}
"""Families of the page, and the row of the table that stands for each."""
WIDEST = {torch.float32: 2.0**126, torch.float64: 2.0**1022}


def at_size(row: Row, power: int, dtype: torch.dtype, offset: float = 0.0) -> float | str:
    """Relative error at 2^power times the size, and at this many sizes from the origin; or that it is refused."""
    near = row.changed(lambda each: each.values.float().double() if each.is_float else each.values)
    if offset:  # numbers that the sum rounds to nothing else
        step = offset * 2.0**-20
        near = row.changed(lambda each: (each.values / step).round() * step if each.kind == "point" else each.values)

    def moved(each) -> Tensor:
        if not each.is_float:
            return each.values
        shift = offset if each.kind == "point" else 0.0
        return ((each.values + shift) * 2.0 ** (power * each.power)).to(dtype)

    around = Row(**{**vars(row), "arguments": near})
    lengths = {name: row.options[name] * 2.0 ** (power * degree) for name, degree in row.lengths.items()}
    try:
        value = row(around.changed(moved), **lengths).double().item()
    except ValueError:
        return "refused"
    truth = math.ldexp(around().item(), int(power * row.degree)) if power * row.degree < 1000 else math.inf
    return abs(value / truth - 1) if truth > torch.finfo(dtype).tiny else math.inf


def range_of(row: Row, dtype: torch.dtype, error: float) -> tuple[int, int, str]:
    """The least and the greatest power of 2 of sizes with no larger error, and what comes beyond the greatest."""
    widest = int(math.log2(WIDEST[dtype]))
    step = widest // 42  # 3 in float32
    good = []
    beyond = ""
    for power in range(-widest + 1, widest, step):
        found = at_size(row, power, dtype)
        if found == "refused":
            beyond = beyond or "refused"
        elif found <= error:
            good.append(power)
    return good[0], good[-1], beyond


def print_tables() -> None:
    for dtype, error in ((torch.float32, 1e-4), (torch.float64, 1e-9)):
        for family, name in SIZES.items():
            low, high, beyond = range_of(ROWS[name], dtype, error)
            errors = [at_size(ROWS[name], power, dtype) for power in range(-10, 11, 5)]
            typical = max(each for each in errors if isinstance(each, float))
            far = [at_size(ROWS[name], 0, dtype, 2.0**power) for power in (10, 16)]
            print(f"{dtype} | {family} | {typical:.0e} | {2.0**low:.0e} | {2.0**high:.0e} | {beyond} | {far}")


if __name__ == "__main__":
    print_tables()
