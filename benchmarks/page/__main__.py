"""Writes docs/benchmarks.md from the results in benchmarks/results: wins and losses alike.

python -m benchmarks.page [--results DIR] [--out PAGE]
"""

import argparse
from pathlib import Path

from benchmarks.measure import RESULTS, ROOT, read_rows
from benchmarks.page.batches import batch_failures, batch_planning, batch_throughput
from benchmarks.page.cold_start import cold_start
from benchmarks.page.hand_written import cost, hash_perceptron, sines, softplus, wing
from benchmarks.page.landmark_study import landmark_study
from benchmarks.page.many_meshes import many_meshes
from benchmarks.page.mesh_fields import mesh_fields, mesh_signs
from benchmarks.page.meshes import packed_meshes, triangles
from benchmarks.page.point_generators import point_generators
from benchmarks.page.point_sets import assignment, chamfer, loop, operations, sets, sinkhorn
from benchmarks.page.published_methods import published_methods
from benchmarks.page.scan_cleaning import cleaning_cost, scan_cleaning
from benchmarks.page.scan_fits import fit_cost
from benchmarks.page.seeing import first_picture, live_viewer
from benchmarks.page.several_answers import several_answers
from benchmarks.page.sharp_edges import sharp_edges
from benchmarks.page.surface_models import surface_models
from benchmarks.page.surface_quality import quality
from diffshape.data import atomic_path

HEAD = """# Benchmarks

Written by `make bench`; nothing here is edited by hand. Losses stand beside wins.
"""
NOTHING = "\nThere are no results yet.\n"
SECTIONS = (
    (quality, "surface_quality.jsonl"),
    (fit_cost, "scan_fit_cost.jsonl"),
    (sharp_edges, "sharp_edges.jsonl"),
    (scan_cleaning, "scan_cleaning.jsonl"),
    (cleaning_cost, "scan_cleaning_cost.jsonl"),
    (published_methods, "published_methods.jsonl"),
    (cost, "step_cost.jsonl"),
    (softplus, "softplus.jsonl"),
    (sines, "sines.jsonl"),
    (hash_perceptron, "hash_perceptron.jsonl"),
    (cold_start, "cold_start.jsonl"),
    (chamfer, "chamfer.jsonl"),
    (loop, "in_a_loop.jsonl"),
    (operations, "point_operations.jsonl"),
    (assignment, "assignment.jsonl"),
    (sets, "set_distances.jsonl"),
    (sinkhorn, "sinkhorn.jsonl"),
    (triangles, "point_to_mesh.jsonl"),
    (packed_meshes, "packed_meshes.jsonl"),
    (mesh_fields, "mesh_fields.jsonl"),
    (many_meshes, "many_meshes.jsonl"),
    (mesh_signs, "mesh_signs.jsonl"),
    (surface_models, "occupancy.jsonl"),
    (several_answers, "several_answers.jsonl"),
    (live_viewer, "live_viewer.jsonl"),
    (first_picture, "first_picture.jsonl"),
    (batch_failures, "batch_failures.jsonl"),
    (batch_throughput, "batch.jsonl"),
    (batch_planning, "batch_planning.jsonl"),
    (point_generators, "point_generators.jsonl"),
    (wing, "adaptive_wing.jsonl"),
    (landmark_study, "landmark_study.jsonl"),
)
"""The sections in the order of the page, each with the file it is made from."""


def main() -> None:
    """Write the page, with a section for every file of results that there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md")
    options = parser.parse_args()
    found = [(section, read_rows(options.results / name)) for section, name in SECTIONS]
    with atomic_path(options.out) as temporary:
        page = "".join(section(rows) for section, rows in found if rows)
        temporary.write_text(HEAD + (page or NOTHING), encoding="utf-8")


if __name__ == "__main__":
    main()
