from pathlib import Path

import pytest

from diffshape.batch.jobs.batch_inputs import batch_inputs, read_manifest


@pytest.fixture
def scans(tmp_path):
    for name in ("b.ply", "a.ply", "notes.md", ".hidden.ply", "deep/a.ply"):
        path = tmp_path / "scans" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return tmp_path / "scans"


def names(*typed: str | Path) -> list[str]:
    return [item.name for item in batch_inputs([str(word) for word in typed], (".ply",))]


def test_a_folder_gives_its_files_of_known_kinds_in_order(scans):
    assert names(scans) == ["a", "b"]


def test_a_pattern_gives_what_matches(scans):
    assert names(scans / "b*.ply") == ["b"]
    with pytest.raises(ValueError, match="no file matches"):
        names(scans / "c*.ply")


def test_one_path_counts_once_and_equal_names_are_told_apart(scans):
    assert names(scans / "a.ply", scans / "a.ply") == ["a"]
    assert names(scans / "a.ply", scans / "deep/a.ply") == ["a", "deep_a"]
    (scans / "a.obj").write_text("")
    assert names(scans / "a.ply", scans / "a.obj") == ["a_ply", "a_obj"]


def test_a_folder_without_files_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"holds no file of a kind that is read \(\.ply\)"):
        names(tmp_path)


def test_a_manifest_gives_names_paths_and_options(tmp_path):
    manifest = tmp_path / "jobs.csv"
    manifest.write_text("# a note\ninput,name,steps,method.scan.passes\nsub/a.ply,first,20,\n\nb.ply,,,2\n")
    first, second = read_manifest(manifest)
    assert (first.name, first.path, first.cells) == ("first", tmp_path / "sub/a.ply", {"steps": "20"})
    assert (second.name, second.cells, second.place) == (
        "b",
        {"method.scan.passes": "2"},
        f"{manifest}, line 5",
    )
    assert [item.name for item in batch_inputs([str(manifest)], (".ply",))] == ["first", "b"]


def test_every_bad_row_of_a_manifest_is_told(tmp_path):
    manifest = tmp_path / "jobs.csv"
    manifest.write_text("input,steps\na.ply\n,3\nb.ply,4\n")
    wrong = {item.place: item.wrong for item in read_manifest(manifest) if item.wrong}
    assert wrong == {
        f"{manifest}, line 2": "1 cells for 2 columns",
        f"{manifest}, line 3": "the cell of 'input' is empty",
    }
    manifest.write_text("input\n")
    with pytest.raises(ValueError, match="no row below its header"):
        read_manifest(manifest)
    manifest.write_text("input,steps,steps\na.ply,1,2\n")
    with pytest.raises(ValueError, match="the column 'steps' is there twice"):
        read_manifest(manifest)
    manifest.write_bytes(b"input\nb\xe9.ply\n")
    with pytest.raises(ValueError, match=r"jobs\.csv is not a text in UTF-8"):
        read_manifest(manifest)


def test_points_in_a_csv_are_no_manifest(tmp_path):
    points = tmp_path / "points.csv"
    points.write_text("x,y,z\n0,0,0\n")
    assert names(points) == ["points"]
