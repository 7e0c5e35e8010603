import subprocess
import sys
from dataclasses import fields, replace

import pytest
import torch

from diffshape.data import demo_scan, icosphere
from diffshape.fields import FeatureGridConfig, LatentMLPConfig
from diffshape.fitting import DiffCD, Supervised, fit_mesh, fit_points
from diffshape.fitting.fit_mesh import begin_mesh, mesh_settings
from diffshape.fitting.methods.table import METHODS, task_class
from diffshape.fitting.warm_up import warm_up

FIELD = FeatureGridConfig(levels=2, base=4, finest=8, log2_entries=9, box=(-1.05, 1.05))


def fit_of(method=None, field=FIELD):
    return begin_mesh(icosphere(2), mesh_settings(method or Supervised(), field, steps=None, seconds=1.0, seed=0))


def test_it_uses_up_nothing_random():
    dropping = LatentMLPConfig(hidden_layers=2, width=16, latent=4, skip=(), dropout=0.5)
    before = torch.random.get_rng_state()
    warm_up(fit_of(field=dropping), torch.device("cpu"))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_it_is_the_same_fit_but_for_numbers_of_points():
    method = Supervised(loss="l1", surface=0.25, perturbation="logistic", fresh=7)
    miniature = task_class(method).in_miniature
    assert miniature(method, 128) == replace(method, batch=128, pool=128, fresh=1)
    assert miniature(Supervised(fresh=0), 128).fresh == 0


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_a_miniature(name):
    method = METHODS[name].config()
    assert (
        replace(
            task_class(method).in_miniature(method, 32),
            **{
                each.name: getattr(method, each.name)
                for each in fields(method)
                if isinstance(getattr(method, each.name), int)
            },
        )
        == method
    )


@pytest.mark.parametrize("given", ["mesh", "scan", "raw scan"])
def test_only_a_fit_with_a_clock_warms_up(given, monkeypatch):
    from diffshape.fitting import run

    warmed = []
    monkeypatch.setattr(run, "warm_up", lambda fit, device: warmed.append(fit) or warm_up(fit, device))
    points, _ = demo_scan()
    fit = {
        "mesh": lambda **budget: fit_mesh(icosphere(2), Supervised(pool=1000), FIELD, **budget),
        "scan": lambda **budget: fit_points(points[::50], DiffCD(batch=64), FIELD, **budget),
        "raw scan": lambda **budget: fit_points(
            points[::50], DiffCD(batch=64, scan=None, normal_weight=0.0), FIELD, **budget
        ),
    }[given]
    fit(steps=1)
    assert not warmed
    assert fit(seconds=0.1).step > 0
    assert len(warmed) == 1


def test_nothing_is_left_to_compile_when_the_clock_of_the_first_fit_starts():
    """In a process of its own, where no kernel has been used before."""
    script = """
import importlib, pkgutil
from diffshape import data, fitting, kernels
from diffshape.fitting import run

def variants():
    modules = [importlib.import_module(f"diffshape.kernels.{module.name}") for module in pkgutil.iter_modules(
        kernels.__path__) if module.name.startswith("numba_")]
    return sum(len(getattr(each, "overloads", ())) for module in modules for each in vars(module).values())

warm_up, counts = run.warm_up, [variants()]
run.warm_up = lambda fit, device: (warm_up(fit, device), counts.append(variants()))
fitting.fit_mesh(data.icosphere(2), fitting.Supervised(batch=500, pool=1000), seconds=0.2)
print(*counts, variants())
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    first, warmed, last = map(int, run.stdout.split())
    assert first < warmed == last
