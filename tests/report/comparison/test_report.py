from html import escape

import pytest
from hand_made_runs import picture
from page_reader import PageReader

from diffshape.report import ComparisonRow, ComparisonTable, write_report

ERROR = "the points of <few.npy> are 2, at least 4 are needed"


@pytest.fixture
def compared(tmp_path):
    """The folder of a comparison of two scans by three methods, one of which failed on one scan."""
    folder = tmp_path / "a <b> & c"
    rows = [
        ComparisonRow(scan=scan, method=method, chamfer=chamfer, normal_deg=angle, hausdorff=chamfer, seconds=9.0)
        for scan, method, chamfer, angle in (
            ("ball", "igr", 0.002, 3.0),
            ("ball", "digs", 0.001, 1.0),
            ("ball", "diffcd", 0.003, 2.0),
            ("50 %", "igr", 0.004, 4.0),
            ("50 %", "digs", 0.005, 5.0),
        )
    ]
    failed = ComparisonRow(scan="50 %", method="diffcd", error=ERROR)
    (folder / "runs/50 %/igr").mkdir(parents=True)
    (folder / "runs/50 %/igr/report.html").write_text("a report", encoding="utf-8")
    (folder / "table.csv").write_text(ComparisonTable((*rows, failed)).to_csv(), encoding="utf-8")
    picture(folder / "pictures/ball.png")
    picture(folder / "pictures/ball_errors.png")
    return folder


def test_the_page_says_what_failed_first_and_has_every_fit(compared):
    page = write_report(compared).read_text(encoding="utf-8")
    reader = PageReader(page)
    assert reader.texts["h1"] == ["Comparison: a <b> & c"]
    assert reader.texts["h2"] == [
        *("What failed", "Means", "Every fit", "Scan by scan", "Pictures", "Do the metrics agree?"),
        "What the numbers are",
    ]
    assert "6 fits of 2 scans by 3 methods, 1 of which failed." in reader.texts["p"]
    assert escape(ERROR) in page
    assert ERROR not in page
    assert reader.texts["td"].count("failed") >= 3
    assert "1 of 2" in reader.texts["td"]


def test_links_lead_to_the_reports_that_there_are(compared):
    reader = PageReader(write_report(compared).read_text(encoding="utf-8"))
    links = [value for name, value in reader.attributes if name == "href" and not value.startswith("#")]
    assert links == ["runs/50%20%25/igr/report.html"]


def test_pictures_are_in_the_page_and_nothing_is_asked_for(compared):
    page = write_report(compared).read_text(encoding="utf-8")
    reader = PageReader(page)
    sources = [value for name, value in reader.attributes if name == "src"]
    assert len(sources) == 2
    assert all(source.startswith("data:image/webp;base64,") for source in sources)
    assert "http" not in page
    assert all(value for name, value in reader.attributes if name == "alt")


def test_a_damaged_picture_is_said_and_the_rest_is_there(compared):
    (compared / "pictures/ball.png").write_bytes(b"no picture")
    reader = PageReader(write_report(compared, compared.parent / "other.html").read_text(encoding="utf-8"))
    assert any(text.startswith("ball.png cannot be read: ") for text in reader.texts["p"])
    assert reader.tags.count("img") == 1


def test_metrics_are_compared_on_one_scan_at_a_time(compared):
    """On the ball 2 of 3 pairs are in one order by Chamfer and normals, on the other scan the only pair is."""
    page = write_report(compared).read_text(encoding="utf-8")
    agreement = page.split("Do the metrics agree?")[-1]
    assert agreement.count("<td>75</td>") == 4  # Chamfer and Hausdorff against normals, both ways
    assert agreement.count("<td>100</td>") == 2  # Chamfer against Hausdorff, both ways
