from benchmarks.page.seeing import first_picture

MACHINE = {"date": "2026-11-30", "cpu": "a", "cores": 2, "python": "3.11", "torch": "2", "numba": "1", "commit": "b"}
ROW = {"what": "report", "bytes": 2_340_000, "faces": 101_000, "rounds": 5, "paint_ms": 120, "scene_ms": 1500}


def test_size_and_times_of_every_window_are_told():
    rows = [{**ROW, "window": window, "load": 1.5, "environment": MACHINE} for window in ("desktop", "phone")]
    page = first_picture(rows)
    assert "101,000 faces, has 2.3 MB" in page
    assert "| report, phone | 120 | 1,500 | 1.5 |" in page
