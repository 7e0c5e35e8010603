"""Kill runs with SIGKILL at random moments and take them up as their messages say; not a test, as it takes minutes.

    python tests/training/kill_at_random.py [fit | deep-sdf | landmarks | scan-prior ...] [--count 30] [--seed 0]

A tiny run of each kind is made undisturbed, then begun ``count`` times and killed at a moment drawn evenly from the
time that one took. ``--resume`` either goes on, or names the command that begins it again, which is then typed. In the
end the final weights must have the same bits as those of the undisturbed run, and the folder the same files.
"""

import argparse
import io
import os
import random
import re
import shlex
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np

_MODEL = "model/model.safetensors"
WEIGHTS = {"fit": "field.safetensors", "deep-sdf": _MODEL, "landmarks": _MODEL, "scan-prior": _MODEL}


def commands(place: Path) -> dict[str, list[str]]:
    """What begins a run of each kind, without its folder."""
    directions = np.random.default_rng(0).normal(size=(1500, 3))
    np.save(place / "ball.npy", directions / np.linalg.norm(directions, axis=1, keepdims=True))
    scan = f"fit {place / 'ball.npy'} --steps 60 --resolution 32 --method.mesh-resolution 32 --method.batch 256"
    shapes = "train deep-sdf --shapes 3 --test-shapes 1 --steps 60 --model.samples 500 --model.network.hidden-layers 2"
    shapes += " --model.network.width 64 --model.network.skip"
    images = "train landmarks --images 8 --test-images 4 --steps 30 --training.batch 2 --unet.widths 8 8 8"
    images += " --phantom.height 64 --phantom.width 64"
    scans = "train scan-prior --scans 2 --test-scans 1 --steps 60 --config.batch 32"
    kinds = {"fit": scan, "deep-sdf": shapes, "landmarks": images, "scan-prior": scans}
    return {kind: words.split() for kind, words in kinds.items()}


def started(words: list[str], said: Path) -> int:
    """The process, forked from this one so that nothing is imported again, that runs a command line."""
    child = os.fork()
    if child:
        return child
    from diffshape.cli.main import main

    code = 70
    try:
        with said.open("w") as file, redirect_stdout(io.StringIO()), redirect_stderr(file):
            _be_quick()
            code = main([*words, "--threads", "1", "--quiet"])
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """The exit code of a process, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _be_quick() -> None:
    """Save every few steps, and score roughly."""
    from diffshape.models import DeepSDF
    from diffshape.training import CheckpointFolder, Steps
    from diffshape.training.run_folder import RunFolder

    infer, mesh = DeepSDF.infer, DeepSDF.mesh
    DeepSDF.infer = lambda self, *seen, steps, **options: infer(self, *seen, steps=20, **options)
    DeepSDF.mesh = lambda self, code, resolution=24: mesh(self, code, 24)
    often = property(lambda run: CheckpointFolder(run.path / "checkpoints", every=Steps(7)))
    RunFolder.checkpoints = often  # type: ignore[method-assign,assignment]


def files(folder: Path) -> set[str]:
    """All files of a run by name, hidden ones too."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def taken_up(kind: str, words: list[str], folder: Path, said: Path) -> tuple[str, int]:
    """How a killed run was brought to its end, and the last exit code."""
    verb = words[:1] if kind == "fit" else words[:2]
    code = ended(started([*verb, "--resume", str(folder)], said))
    named = re.search(r"diffshape (.*--out .*)", said.read_text())
    if code == 0 or named is None:
        if code == 2 and not folder.exists():
            return "begun: no folder yet", ended(started([*words, "--out", str(folder)], said))
        if code == 2 and not any(folder.iterdir()):
            return "begun: empty folder", ended(started([*words, "--out", str(folder)], said))
        return "resumed", code
    begin = shlex.split(named[1])
    options = words[2:]
    return "begun again as told", ended(started([*begin, *options], said))


def tried(kind: str, words: list[str], place: Path, seed: int, count: int) -> int:
    """Kill and take up ``count`` runs of a kind; the number that did not end as the undisturbed one did."""
    from safetensors.torch import load_file

    whole, said = place / "whole", place / "said.txt"
    for folder in (place / "first", whole):  # the first one compiles what there is to compile
        began = time.monotonic()
        if ended(started([*words, "--out", str(folder)], said)):
            raise SystemExit(f"{kind}: the undisturbed run failed: {said.read_text()}")
        took = time.monotonic() - began
    wanted, names = load_file(whole / WEIGHTS[kind]), files(whole)
    draw, ways, bad = random.Random(seed), Counter(), 0
    for number in range(count):
        folder, moment = place / f"run {number}", draw.uniform(0, took)
        child = started([*words, "--out", str(folder)], said)
        time.sleep(moment)
        os.kill(child, signal.SIGKILL)
        left = f"killed after {moment:.2f} of {took:.2f} s" if ended(child) < 0 else "had ended"
        held = sorted(files(folder)) if folder.exists() else []
        way, code = taken_up(kind, words, folder, said)
        ways[way if left.startswith("killed") else "had ended"] += 1
        same = code == 0 and _same(load_file(folder / WEIGHTS[kind]), wanted) and files(folder) == names
        if not same:
            bad += 1
            print(f"{kind} {number}: {left}, holding {held}; {way}: code {code}, {said.read_text()}", flush=True)
            if folder.exists():
                print(f"  files: {sorted(files(folder) ^ names)}", flush=True)
    print(f"{kind}: {count} runs of {took:.1f} s, {bad} not as the undisturbed one; {dict(ways)}", flush=True)
    return bad


def _same(one: dict, other: dict) -> bool:
    raw = [{name: tensor.numpy().tobytes() for name, tensor in each.items()} for each in (one, other)]
    return raw[0] == raw[1]


def main() -> int:
    """Try what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", default=list(WEIGHTS))
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported
    for module in ("batch.outputs", "models.landmarks.score", "models.deep_sdf.score"):
        __import__(f"diffshape.{module}")
    bad = 0
    for kind in asked.kinds:
        with tempfile.TemporaryDirectory() as name:
            bad += tried(kind, commands(Path(name))[kind], Path(name), asked.seed, asked.count)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
