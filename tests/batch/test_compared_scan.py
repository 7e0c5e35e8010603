from pathlib import Path

import pytest

from diffshape.batch.compared_scan import compared_scans


def test_truth_and_noise_are_told_by_names(tmp_path):
    for name in ("spot.ply", "rocker-arm.ply"):
        (tmp_path / name).touch()
    scans = compared_scans([Path("rocker-arm_0.005.ply"), Path("spot.npy")], tmp_path)
    assert [(scan.truth.name, scan.noise) for scan in scans] == [("rocker-arm.ply", 0.005), ("spot.ply", None)]
    with pytest.raises(ValueError, match=r"no true surface for dc_0\.ply"):
        compared_scans([Path("dc_0.ply")], tmp_path)


def test_two_scans_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two scans are called a"):
        compared_scans([Path("x/a.ply"), Path("y/a.ply")], None)
