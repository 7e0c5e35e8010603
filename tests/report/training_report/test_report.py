import pytest
from hand_made_runs import SURFACES, run_folder
from page_reader import PageReader

from diffshape.report import write_report
from diffshape.report.training_report.report import write_training_report


def test_scores_shapes_pictures_curves_and_origin_are_on_the_page(tmp_path):
    data = {"kind": "drawn", "family": "chair", "shapes": 8}
    run = run_folder(tmp_path / "<run>", pictures=["shapes.png", "samples/2026/shapes.png"], data=data)
    page = write_report(run).read_text(encoding="utf-8")
    reader = PageReader(page)
    assert reader.texts["h1"] == ["train occupancy: <run>"]
    assert reader.texts["h2"] == ["Scores", "Pictures", "Curves", "How to reproduce"]
    assert "Learnt from 8 drawn shapes of the family chair. 60 steps in 4 s." in reader.texts["p"]
    assert {"IoU", "0.625", "0.25"} <= {*reader.texts["th"], *reader.texts["td"]}
    assert any("0.5 to 0.75, mean of 2" in text for text in reader.texts["td"])
    assert "<i>chair 1</i>" in reader.texts["td"]
    assert reader.tags.count("figure") == 4
    assert "diffshape train occupancy '<b>'" in reader.texts["pre"]
    assert "http" not in page


def test_a_training_that_is_not_finished_says_so(tmp_path):
    run = run_folder(tmp_path / "run", metrics=None)
    reader = PageReader(write_report(run).read_text(encoding="utf-8"))
    assert any("The training is not finished" in text for text in reader.texts["p"])
    assert reader.texts["h2"] == ["Curves", "How to reproduce"]


def test_what_is_no_training_is_refused(tmp_path):
    run = run_folder(tmp_path / "run", kind="fit", metrics=SURFACES)
    with pytest.raises(ValueError, match="is not the folder of a training"):
        write_training_report(run)
