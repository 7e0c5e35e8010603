import pytest

from diffshape.report import write_report
from hand_made_runs import SURFACES, run_folder
from page_reader import PageReader


def score(**numbers):
    return SURFACES | {"score": numbers}


def test_runs_stand_in_a_table_of_their_kind_with_pictures_and_links(tmp_path):
    one = run_folder(tmp_path / "b" / "one", pictures=["shapes.png"])
    run_folder(tmp_path / "a two")
    run_folder(tmp_path / "fit", "fit", {"steps": 3, "faces": 1280, "interrupted": False, "score": {"chamfer": 0.5}})
    (one / "report.html").write_text("a report", encoding="utf-8")
    run_folder(one / "model" / "inner")  # no run of its own
    page = write_report(tmp_path).read_text(encoding="utf-8")
    reader = PageReader(page)
    assert "3 runs, 3 of which finished." in reader.texts["p"]
    assert reader.texts["h2"] == ["Trainings: occupancy", "Fits"]
    assert [value for name, value in reader.attributes if name == "href" and "#" not in value] == ["b/one/report.html"]
    assert {"a two", "fit", "0.625", "1,280"} <= set(reader.texts["td"])
    assert reader.tags.count("img") == 1
    assert "http" not in page


def test_what_is_not_finished_is_said_first(tmp_path):
    run_folder(tmp_path / "begun", metrics=None)
    run_folder(tmp_path / "stopped", "fit", {"steps": 3, "interrupted": True})
    damaged = run_folder(tmp_path / "torn")
    (damaged / "metrics.json").write_text("{", encoding="utf-8")
    reader = PageReader(write_report(tmp_path).read_text(encoding="utf-8"))
    assert reader.texts["h2"][0] == "What is not finished"
    assert {"not finished", "interrupted", "metrics.json is damaged"} <= set(reader.texts["td"])


def test_what_a_batch_could_not_do_is_said_first_though_it_left_no_folder(tmp_path):
    run_folder(tmp_path / "night" / "one", "fit", {"steps": 3, "interrupted": False})
    failures = 'name,input,status,error\nlost/two,two.ply,failed,"no points, none"\n'
    (tmp_path / "night" / "failures.csv").write_text(failures, encoding="utf-8")
    for folder, name in ((tmp_path, "night/lost/two"), (tmp_path / "night", "lost/two")):
        reader = PageReader(write_report(folder).read_text(encoding="utf-8"))
        assert "1 run, 1 of which finished. 1 job failed." in reader.texts["p"]
        assert reader.texts["h2"][0] == "What failed"
        assert name in reader.texts["td"]
        assert "no points, none" in reader.texts["span"]


def test_a_batch_is_no_comparison_though_both_have_a_table(tmp_path):
    run_folder(tmp_path / "one", "fit", {"steps": 3, "interrupted": False})
    (tmp_path / "table.csv").write_text("name,input,status\none,one.ply,done\n", encoding="utf-8")
    assert "1 run, 1 of which finished." in PageReader(write_report(tmp_path).read_text(encoding="utf-8")).texts["p"]


def test_only_the_first_runs_have_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr("diffshape.report.many_runs.report._MOST_PICTURES", 1)
    for name in ("a", "b"):
        run_folder(tmp_path / name, pictures=["shapes.png"])
    assert PageReader(write_report(tmp_path).read_text(encoding="utf-8")).tags.count("img") == 1


def test_metrics_that_contradict_each_other_are_found(tmp_path):
    for number, (iou, chamfer) in enumerate([(0.5, 0.1), (0.6, 0.2), (0.7, 0.3)]):  # more IoU, yet a larger distance
        run_folder(tmp_path / str(number), metrics=score(iou=iou, chamfer=chamfer))
    page = write_report(tmp_path).read_text(encoding="utf-8")
    assert page.split("Do the metrics agree?")[-1].count("<td>0</td>") == 2


@pytest.mark.parametrize("name", [".", "nothing"])
def test_a_folder_without_runs_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="is no folder of a fit, a training or a comparison, and holds none"):
        write_report(tmp_path / name)
