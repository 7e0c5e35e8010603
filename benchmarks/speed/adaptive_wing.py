"""Time and memory of the Adaptive Wing loss, forward and backward, beside its formula with boolean indexing.

    python -m benchmarks.speed.adaptive_wing [--shape 4 20 512 512] [--threads 1 2] [--repeats 7]

The peer is the formula as MMPose has it, in plain PyTorch: where the error is below theta the logarithm, elsewhere the
line, each on the pixels it is for, then the mean. It has no weighted map; the row of the library with it stands for the
whole published recipe. Every case runs in a process of its own. Times are medians over repeats after a warm-up; memory
is what the peak of the process rises by in one step, with the gradient and without the arguments (Linux only).
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import RESULTS, append_row, environment, run_measured

CASES = ("boolean indexing", "diffshape", "diffshape, weighted map")
ALPHA, OMEGA, EPSILON, THETA = 2.1, 14.0, 1.0, 0.5


def boolean_indexing(pred, target):
    """The formula with one branch after the other, on the pixels of each."""
    import torch

    error = (target - pred).abs()
    small = error < THETA
    power = ALPHA - target
    slope = OMEGA * (1 / (1 + (THETA / EPSILON) ** power)) * power * (THETA / EPSILON) ** (power - 1) / EPSILON
    offset = THETA * slope - OMEGA * torch.log(1 + (THETA / EPSILON) ** power)
    values = torch.zeros_like(pred)
    values[small] = OMEGA * torch.log(1 + (error[small] / EPSILON) ** power[small])
    values[~small] = slope[~small] * error[~small] - offset[~small]
    return values.mean()


def measure(case: str, shape: list[int], threads: int, repeats: int) -> dict[str, Any]:
    """One case: medians, the rise of the peak, and the value, so that the cases can be held to one another."""
    import torch

    from diffshape.losses import adaptive_wing_loss
    from diffshape.ops import gaussian_heatmaps

    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(0)
    *leading, height, width = shape
    landmarks = torch.rand(*leading, 2, generator=generator) * torch.tensor([width - 1.0, height - 1.0])
    target = gaussian_heatmaps(landmarks, (height, width), sigma=4.0)
    pred = (target + 0.3 * torch.randn(shape, generator=generator)).requires_grad_()
    loss = {
        "boolean indexing": boolean_indexing,
        "diffshape": adaptive_wing_loss,
        "diffshape, weighted map": lambda pred, target: adaptive_wing_loss(pred, target, weighted_map=True),
    }[case]
    before = _status("VmRSS")
    _forget_peak()
    times = []
    for _ in range(1 + repeats):
        pred.grad = None
        start = time.perf_counter()
        value = loss(pred, target)
        middle = time.perf_counter()
        value.backward()
        times.append((middle - start, time.perf_counter() - middle))
    forward, backward = (1e3 * statistics.median(each) for each in zip(*times[1:]))
    return {
        "forward_ms": round(forward, 1),
        "backward_ms": round(backward, 1),
        "step_megabytes": round((_status("VmHWM") - before) / 1024, 1),
        "value": value.item(),
    }


def _forget_peak() -> None:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def _status(name: str) -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))


def main() -> None:
    """Measure every case in its own process; the results replace the old ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", type=int, nargs=4, default=[4, 20, 512, 512], help="B K H W")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--results", type=Path, default=RESULTS / "adaptive_wing.jsonl")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(options.case, options.shape, options.threads[0], options.repeats)))
        return
    options.results.unlink(missing_ok=True)
    machine, shape = environment(), [str(size) for size in options.shape]
    for threads in options.threads:
        for case in CASES:
            arguments = [
                "--case",
                case,
                "--shape",
                *shape,
                "--threads",
                str(threads),
                "--repeats",
                str(options.repeats),
            ]
            run = run_measured([sys.executable, "-m", __spec__.name, *arguments])
            if run.status != 0:
                raise SystemExit(run.errors)
            row = {"case": case, "shape": options.shape, "threads": threads, **json.loads(run.output)}
            append_row(options.results, {**row, "environment": machine})
            total = row["forward_ms"] + row["backward_ms"]
            print(
                f"{threads} threads  {case:24}{row['forward_ms']:9.1f} + {row['backward_ms']:9.1f} = {total:9.1f} ms"
                f"{row['step_megabytes']:9.1f} MB  value {row['value']:.6f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
