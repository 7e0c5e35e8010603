"""The sections of the benchmark page on the cost of a fit's step, and on derivatives and kernels written by hand."""

from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import fastest, machines, table

COST = """
## The cost of a step

Medians in milliseconds of one DiffCD step on a `HashGrid` field, by `benchmarks/speed/step_cost.py`: a batch of data
points with local and uniform samples for the eikonal term, and as many surface points, pulled and matched to the scan.
Memory is the peak of the process, with Python, PyTorch and compiled kernels in it. The three columns on the right are
done once in a fit, or once in many steps.
"""
SOFTPLUS = """
## Softplus derivatives by hand

Value and gradient of a field and the step of an eikonal loss, forward and backward to the parameters, float32, by
`benchmarks/speed/softplus.py`. By hand is the field's own pass; for `HashGrid` the encoding is in it, and stands apart
in the next two columns. Autograd goes through the network, with the library's softplus or torch's; in the last column
also through the encoding, which then runs in plain PyTorch. All ways take turns in one process; medians in
milliseconds, the fastest bold. Ratio is autograd's time over that by hand, above 1 where the hand is faster.
"""
SINES = """
## Derivatives of a network of sines in one pass

Values, gradients and second derivatives of a `Siren` at 2,048 points, forward and backward to the parameters, float32,
by `benchmarks/speed/sines.py`: up and down the network, and with the tangents up once more; or by autograd, with a
backward pass for every derivative. Both take turns in one process; medians in milliseconds, the faster bold. Ratio is
autograd's time over that in one pass.
"""
PERCEPTRON = """
## Encoding and ReLU network in one kernel

Fields as `fit_mesh` makes them, forward and backward to all parameters, float32, by
`benchmarks/speed/hash_perceptron.py`: by one kernel for encoding and network, which shares several fields out among the
threads; by `hash_encode`, then PyTorch's layers, field by field; or with the layers of all fields as batched products.
All ways take turns in one process; medians in milliseconds, the fastest bold. Ratio is the faster peer's time over the
kernel's, above 1 where the kernel is faster.
"""
WING = """
## Adaptive Wing

One step, forward and backward, on heat-maps of shape (B, K, H, W) in float32, by `benchmarks/speed/adaptive_wing.py`:
medians in milliseconds, and by how much a step raises the peak memory of the process, the gradient included. The peer
is MMPose's formula written out with boolean indexing; it has no weighted map.
"""
HAND, APART, AUTOGRAD = "by hand", "by hand, encoding apart", "autograd"
SOFTPLUS_WAYS = [HAND, APART, AUTOGRAD, "autograd, torch's softplus", "autograd through the encoding"]
SINE_WAYS = ["in one pass", AUTOGRAD]
KERNEL = "kernel"
PERCEPTRON_WAYS = [KERNEL, "plain", "batched"]


def cost(rows: Sequence[Row]) -> str:
    """The section on the cost of a step."""
    parts, once = list(rows[0]["step"]), list(rows[0]["once"])
    lines = [
        [f"{row['points']:,}", f"{row['batch']:,}"]
        + [f"{row['step'][name]:.1f}" for name in parts]
        + [f"**{sum(row['step'].values()):.1f}**", f"{row['megabytes']:,}"]
        + [f"{row['once'][name]:.0f}" for name in once]
        for row in rows
    ]
    head = ["points", "batch", *parts, "step", "MB", *(f"once: {name}" for name in once)]
    return COST + machines(rows) + table(head, lines)


def softplus(rows: Sequence[Row]) -> str:
    """The section on value and gradient of softplus networks."""
    lines = []
    for row in rows:
        times = row["milliseconds"]
        ratio = f"{times[AUTOGRAD] / times[HAND]:.2f}"
        case = [row["field"], f"{row['points']:,}", str(row["threads"])]
        lines.append([*case, *fastest(times, SOFTPLUS_WAYS), ratio])
    return SOFTPLUS + machines(rows) + table(["field", "points", "threads", *SOFTPLUS_WAYS, "ratio"], lines)


def sines(rows: Sequence[Row]) -> str:
    """The section on the derivatives of a network of sines."""
    lines = []
    for row in rows:
        times = row["milliseconds"]
        ratio = f"{times[AUTOGRAD] / times[SINE_WAYS[0]]:.2f}"
        lines.append([row["network"], row["derivative"], str(row["threads"]), *fastest(times, SINE_WAYS), ratio])
    return SINES + machines(rows) + table(["network", "derivative", "threads", *SINE_WAYS, "ratio"], lines)


def hash_perceptron(rows: Sequence[Row]) -> str:
    """The section on encoding and network in one kernel."""
    lines = []
    for row in rows:
        times = row["milliseconds"]
        peer = min(time for way, time in times.items() if way != KERNEL)
        case = [str(row["fields"]), f"{row['points']:,}", str(row["threads"])]
        lines.append([*case, *fastest(times, PERCEPTRON_WAYS), f"{peer / times[KERNEL]:.2f}"])
    return PERCEPTRON + machines(rows) + table(["fields", "points each", "threads", *PERCEPTRON_WAYS, "ratio"], lines)


def wing(rows: Sequence[Row]) -> str:
    """The section on Adaptive Wing, each case beside the peer of the same number of threads."""
    totals = [row["forward_ms"] + row["backward_ms"] for row in rows]
    peers = {row["threads"]: total for row, total in zip(rows, totals) if row["case"] == "boolean indexing"}
    lines = [
        [row["case"], " x ".join(map(str, row["shape"])), str(row["threads"])]
        + [f"{value:.0f}" for value in (row["forward_ms"], row["backward_ms"], total)]
        + [f"{total / peers[row['threads']]:.2f}", f"{row['step_megabytes']:.0f}"]
        for row, total in zip(rows, totals)
    ]
    head = ["case", "shape", "threads", "forward", "backward", "step", "ratio", "MB"]
    return WING + machines(rows) + table(head, lines)
