"""The section on what a fit costs shows the least, and what failed."""

from benchmarks.page.scan_fits import fit_cost

MACHINE = dict.fromkeys(("date", "cpu", "cores", "python", "torch", "numba", "commit"), "x")


def row(points, method, seconds, **more):
    """What one command took."""
    return {"points": points, "method": method, "seconds": seconds, "megabytes": 300, "load": 0.5} | more


def test_the_least_is_bold_and_a_failure_is_told():
    rows = [
        row(3000, "quick", 5.0, optimizer_seconds=1.0),
        row(3000, "standard", 15.0, optimizer_seconds=9.0),
        row(3000, "Poisson", 2.0),
        row(10**7, "standard", 60.0, optimizer_seconds=9.0),
        row(10**7, "Poisson", 7.0, error="killed"),
    ]
    text = fit_cost([each | {"environment": MACHINE} for each in rows])
    assert "| points | quick, s | standard, s | Poisson, s | quick, MB | standard, MB | Poisson, MB |" in text
    assert "| 3,000 | 5.0 (1.0) | 15.0 (9.0) | **2.0** | 300 | 300 | 300 |" in text
    assert "| 10,000,000 | – | **60.0** (9.0) | – | – | 300 | – |" in text
    assert "Failed: Poisson at 10,000,000 (killed)." in text
