from benchmarks.page.sharp_edges import sharp_edges

MACHINE = {"date": "2026-11-30", "cpu": "a", "cores": 2, "python": "3.11", "torch": "2", "numba": "1", "commit": "b"}
ROW = {"scan": "part", "chamfer_before": 0.2, "chamfer_after": 0.1, "degrees_before": 3.0, "degrees_after": 3.1}


def test_the_better_of_both_is_bold_and_a_loss_is_shown():
    page = sharp_edges([{**ROW, "moved": 0.125, "environment": MACHINE}])
    assert "| part | 0.200 | **0.100** | **3.00** | 3.10 | 12.5% |" in page
