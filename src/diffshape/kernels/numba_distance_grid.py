"""The energy of a distance function on the nodes of bricks, as the linear system whose solution is least.

A brick has 4 x 4 x 4 nodes, z fastest; node n of brick b is entry 64 b + n of a vector. ``around`` has the places of a
brick and of the 26 about it, -1 where there is none, in the order of (dx, dy, dz) from (-1, -1, -1) on, z fastest.

Bending: k times the sum over all nodes of the squares of the six second differences of f, the mixed ones twice. A
difference that needs a node of no brick is left out.
Data: points in cells of the grid, whose f and gradient are trilinear in the eight corners.

Every task writes the nodes of its own bricks only, and reads what others have written before, so that the result is the
same for any number of threads.
"""

import numpy as np

from diffshape.kernels.compiled import compiled

SIDE = 4
"""Nodes along the side of a brick."""
NODES = SIDE**3
"""Nodes of a brick."""
CHUNK = 256
"""Bricks of a task."""
HALO = SIDE + 2
"""Nodes along the side of a brick with those next to it."""


@compiled
def _with_halo(around, values, missing, halo) -> None:
    """Copy the values of a brick and of the nodes next to it; ``missing`` where there is no brick."""
    for x in range(HALO):
        bx, lx = (x + SIDE - 1) // SIDE, (x + SIDE - 1) % SIDE
        for y in range(HALO):
            by, ly = (y + SIDE - 1) // SIDE, (y + SIDE - 1) % SIDE
            for z in range(HALO):
                bz, lz = (z + SIDE - 1) // SIDE, (z + SIDE - 1) % SIDE
                brick = around[9 * bx + 3 * by + bz]
                halo[x, y, z] = values[NODES * brick + 16 * lx + 4 * ly + lz] if brick >= 0 else missing


@compiled
def second_differences(task, around, values, differences) -> None:
    """Write xx, yy, zz, xy, xz, yz of the nodes of a task, (6, M); the mixed ones towards greater coordinates."""
    halo = np.empty((HALO, HALO, HALO))
    for brick in range(task * CHUNK, min((task + 1) * CHUNK, len(around))):
        _with_halo(around[brick], values, np.nan, halo)
        for x in range(1, SIDE + 1):
            for y in range(1, SIDE + 1):
                for z in range(1, SIDE + 1):
                    node = NODES * brick + 16 * (x - 1) + 4 * (y - 1) + z - 1
                    f = halo[x, y, z]
                    px, py, pz = halo[x + 1, y, z], halo[x, y + 1, z], halo[x, y, z + 1]
                    found = (
                        halo[x - 1, y, z] - 2 * f + px,
                        halo[x, y - 1, z] - 2 * f + py,
                        halo[x, y, z - 1] - 2 * f + pz,
                        halo[x + 1, y + 1, z] - px - py + f,
                        halo[x + 1, y, z + 1] - px - pz + f,
                        halo[x, y + 1, z + 1] - py - pz + f,
                    )
                    for kind in range(6):
                        differences[kind, node] = found[kind] if found[kind] == found[kind] else 0.0


@compiled
def bend(task, around, differences, stiffness, out) -> None:
    """Write the gradient of the bending energy, half of it, at the nodes of a task."""
    halos = np.empty((6, HALO, HALO, HALO))
    for brick in range(task * CHUNK, min((task + 1) * CHUNK, len(around))):
        for kind in range(6):
            _with_halo(around[brick], differences[kind], 0.0, halos[kind])
        xx, yy, zz, xy, xz, yz = halos[0], halos[1], halos[2], halos[3], halos[4], halos[5]
        for x in range(1, SIDE + 1):
            for y in range(1, SIDE + 1):
                for z in range(1, SIDE + 1):
                    pure = xx[x - 1, y, z] - 2 * xx[x, y, z] + xx[x + 1, y, z]
                    pure += yy[x, y - 1, z] - 2 * yy[x, y, z] + yy[x, y + 1, z]
                    pure += zz[x, y, z - 1] - 2 * zz[x, y, z] + zz[x, y, z + 1]
                    mixed = xy[x, y, z] - xy[x - 1, y, z] - xy[x, y - 1, z] + xy[x - 1, y - 1, z]
                    mixed += xz[x, y, z] - xz[x - 1, y, z] - xz[x, y, z - 1] + xz[x - 1, y, z - 1]
                    mixed += yz[x, y, z] - yz[x, y - 1, z] - yz[x, y, z - 1] + yz[x, y - 1, z - 1]
                    node = NODES * brick + 16 * (x - 1) + 4 * (y - 1) + z - 1
                    out[node] = stiffness * (pure + 2 * mixed)


@compiled
def _corner(places, i, corner, around_brick) -> int:
    """Entry of a corner (bits x, y, z) of the cell of point i, whose low node is ``places``[i] of its brick."""
    place = places[i]
    x = place // 16 + (corner >> 2)
    y = place // 4 % 4 + (corner >> 1 & 1)
    z = place % 4 + (corner & 1)
    brick = around_brick[9 * (1 + x // SIDE) + 3 * (1 + y // SIDE) + 1 + z // SIDE]
    return NODES * brick + 16 * (x % SIDE) + 4 * (y % SIDE) + z % SIDE


@compiled
def residuals(task, around, first, places, inside, values, found) -> None:
    """Write f and its gradient, (P, 4), at the points in the bricks of a task.

    Args:
        task: Number of the task.
        around: (B, 27) places of bricks.
        first: (B + 1,) place of the first point of each brick.
        places: (P,) low node of each point's cell within its brick.
        inside: (P, 3) position in the cell, from 0 to 1.
        values: (M,) f at the nodes.
        found: (P, 4) receives f, df/dx, df/dy, df/dz, in cells.
    """
    for brick in range(task * CHUNK, min((task + 1) * CHUNK, len(around))):
        for i in range(first[brick], first[brick + 1]):
            u, v, w = inside[i, 0], inside[i, 1], inside[i, 2]
            f, fx, fy, fz = 0.0, 0.0, 0.0, 0.0
            for corner in range(8):
                value = values[_corner(places, i, corner, around[brick])]
                a, p = (u, 1.0) if corner & 4 else (1 - u, -1.0)
                b, q = (v, 1.0) if corner & 2 else (1 - v, -1.0)
                c, r = (w, 1.0) if corner & 1 else (1 - w, -1.0)
                f += a * b * c * value
                fx += p * b * c * value
                fy += a * q * c * value
                fz += a * b * r * value
            found[i, 0], found[i, 1], found[i, 2], found[i, 3] = f, fx, fy, fz


@compiled
def gather(task, around, first, places, inside, forces, out) -> None:
    """Add the adjoint of `residuals` of ``forces`` (P, 4) to the nodes of a task; ``out`` (M,).

    The points whose cell reaches into a brick lie in it or in one of the seven before it.
    """
    for brick in range(task * CHUNK, min((task + 1) * CHUNK, len(around))):
        for offset in range(8):
            other = around[brick, 9 * (1 - (offset >> 2)) + 3 * (1 - (offset >> 1 & 1)) + 1 - (offset & 1)]
            if other < 0:
                continue
            for i in range(first[other], first[other + 1]):
                for corner in range(8):
                    entry = _corner(places, i, corner, around[other])
                    if entry // NODES == brick:
                        a, p = (inside[i, 0], 1.0) if corner & 4 else (1 - inside[i, 0], -1.0)
                        b, q = (inside[i, 1], 1.0) if corner & 2 else (1 - inside[i, 1], -1.0)
                        c, r = (inside[i, 2], 1.0) if corner & 1 else (1 - inside[i, 2], -1.0)
                        out[entry] += (
                            a * b * c * forces[i, 0]
                            + p * b * c * forces[i, 1]
                            + a * q * c * forces[i, 2]
                            + a * b * r * forces[i, 3]
                        )
