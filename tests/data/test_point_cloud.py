import numpy as np

from diffshape.data import PointCloud

CLOUD = np.random.default_rng(0).normal(size=(50, 3))


def test_clouds_compare_by_identity():
    cloud = PointCloud(CLOUD)
    assert cloud == cloud
    assert cloud != PointCloud(CLOUD)


def test_a_cloud_is_shown_on_a_line():
    whole = PointCloud(CLOUD, CLOUD, (), {"colors": np.zeros((50, 3), np.uint8), "id": np.arange(50)})
    assert repr(whole) == "PointCloud(50 points, normals, colors, id)"
    many = PointCloud(CLOUD, attributes={f"a{number}": CLOUD for number in range(9)})
    assert repr(many) == "PointCloud(50 points, a0, a1, a2, a3, and 5 more)"


def test_repeated_points_are_drawn_once():
    rows = np.vstack([np.zeros((1000, 3)), CLOUD])
    cloud = PointCloud(rows)
    assert len(cloud) == 1050
    assert np.array_equal(cloud.subset(60).points, np.vstack([np.zeros((1, 3)), CLOUD]))
    assert cloud.subset(60).notes == ("999 of 1,050 points were left out: they repeat others.",)
    assert len(np.unique(cloud.subset(40).points, axis=0)) == 40
