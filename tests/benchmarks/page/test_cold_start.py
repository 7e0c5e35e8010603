from benchmarks.page.cold_start import SLOWEST, cold_start

MACHINE = {"date": "2026-11-30", "cpu": "a", "cores": 2, "python": "3.11", "torch": "2", "numba": "1", "commit": "b"}
FIRST = {"work": "mesh", "process": "first", "import_seconds": 2.0, "seconds": 9.0, "compiled": 7, "compile_seconds": 8}


def start(name, ratio):
    return {"start": name, "seconds": ratio / 4, "budget": 0.25, "ratio": ratio, "environment": MACHINE}


def test_starts_are_the_imports_and_the_slowest_verbs():
    verbs = [start(f"verb{number} --help", number / 10) for number in range(8)]
    page = cold_start([FIRST | {"environment": MACHINE}, start("import diffshape", 0.1), *verbs])
    assert "| `fit_mesh`, first process | 2.0 | 9.0 | 8.0 | 7 |" in page
    assert "verbs of 8" in page
    named = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `") and "process" not in line]
    assert named == ["import diffshape", "verb7 --help", "verb6 --help", "verb5 --help"]
    assert len(named) == 1 + SLOWEST


def test_without_starts_there_is_no_table_of_them():
    assert "budget" not in cold_start([FIRST | {"environment": MACHINE}])
