import pytest

from diffshape.data.up import up_of


@pytest.mark.parametrize(
    ("name", "up"), [("a.GLB", "y"), ("b/a.gltf", "y"), ("a.obj", "z"), ("a.ply", "z"), ("a", "z")]
)
def test_z_is_up_but_in_gltf(name, up):
    assert up_of(name) == up
