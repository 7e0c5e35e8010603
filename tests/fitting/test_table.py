import csv

import pytest

from diffshape.data import box_mesh, icosphere, torus_mesh
from diffshape.fields import HashGridConfig
from diffshape.fitting import Supervised, fit_meshes, score_field, tabulate_fits


@pytest.fixture(scope="module")
def three():
    meshes = [box_mesh(3), icosphere(2), torus_mesh(12, 8, ring_radius=0.7, tube_radius=0.3)]
    field = HashGridConfig(levels=3, base=4, finest=24, log2_entries=10, width=8, box=(-1.05, 1.05))
    return fit_meshes(meshes, Supervised(batch=700, pool=3000, fresh=20), field, steps=30)


def test_the_table_has_a_line_for_each_and_the_means(three, tmp_path):
    table = tabulate_fits(three, ["box", "ball", "ring"], samples=2000, queries=1000)
    lines = str(table).splitlines()
    assert [line.split()[0] for line in lines] == ["object", "box", "ball", "ring", "mean"]
    assert len({len(line) for line in lines}) == 1
    mean = sum(row.f1_surface for row in table.rows) / 3
    assert table.means()["f1_surface"] == pytest.approx(mean)
    assert f"{mean:.4f}" in lines[-1]
    parameters = sum(each.numel() for each in three[0].field.parameters())
    assert table.rows[0].parameters == parameters
    assert table.rows[0].megabytes == 4e-6 * parameters
    assert table.rows[1].seconds == three[1].seconds
    assert table.rows[1].query_seconds > 0
    path = tmp_path / "table.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, table.to_rows()[0])
        writer.writeheader()
        writer.writerows(table.to_rows())
    assert path.read_text().startswith("name,f1_surface,f1_volume,")
    assert path.read_text().count("\n") == 4


def test_the_table_scores_as_score_field_does(three):
    row = tabulate_fits(three[:1], samples=3000, queries=10, seed=4).rows[0]
    score = score_field(three[0], samples=3000, resolution=None, seed=4)
    assert row.name == "0"
    assert row.steps == 30
    assert (row.f1_surface, row.f1_volume, row.iou) == (score.f1_near, score.f1_volume, score.iou)
    assert (row.mae_surface, row.mae_volume) == (score.mae_near, score.mae_volume)


@pytest.mark.parametrize(("count", "names"), [(0, None), (2, ["box"])])
def test_the_table_wants_a_name_for_each(three, count, names):
    with pytest.raises(ValueError, match="results must be one or more and names one for each"):
        tabulate_fits(three[:count], names)
