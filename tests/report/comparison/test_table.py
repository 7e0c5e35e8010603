from diffshape.report import ComparisonRow, ComparisonTable


def row(scan, method, chamfer=None, **others):
    return ComparisonRow(scan=scan, method=method, noise=0.0, chamfer=chamfer, **others)


def test_a_method_that_failed_is_counted_and_never_best():
    table = ComparisonTable(
        (
            row("a", "igr", 0.001),
            row("b", "igr", error="no surface"),
            row("a", "diffcd", 0.002),
            row("b", "diffcd", 0.004),
        )
    )
    igr, diffcd = table.means()
    assert (igr.scans, igr.failed, igr.numbers["chamfer"]) == (2, 1, 0.001)
    assert (diffcd.failed, diffcd.numbers["chamfer"]) == (0, 0.003)
    means = table.to_markdown().split("scan by scan")[0]
    assert "1 of 2" in means
    assert "**1.000**" not in means
    assert "- b, igr: no surface" in table.to_markdown()


def test_csv_is_read_as_it_was_written():
    table = ComparisonTable((row("a", "igr", 1 / 3, watertight=True, steps=7), row("1", "igr", error="a, b\n c")))
    assert ComparisonTable.from_csv(table.to_csv()) == table
