import pytest

from docs.check_site import problems

GOOD = '<link rel="stylesheet" href="style.css"><h1 id="top">A</h1><a href="api/losses.html#diffshape.losses.f">f</a>'


@pytest.fixture
def site(tmp_path):
    (tmp_path / "api").mkdir()
    (tmp_path / "style.css").write_text("")
    (tmp_path / "index.html").write_text(GOOD)
    (tmp_path / "api" / "losses.html").write_text('<a id="diffshape.losses.f"></a><a href="../index.html#top">up</a>')
    return tmp_path


def test_a_good_site_has_no_problems(site):
    assert problems(site, ["diffshape.losses.f"]) == []


@pytest.mark.parametrize(
    ("added", "problem"),
    [
        ('<script src="https://elsewhere/a.js"></script>', "index.html: loads https://elsewhere/a.js"),
        ('<link rel="stylesheet" href="//elsewhere/a.css">', "index.html: loads //elsewhere/a.css"),
        ('<img src="gone.png">', "index.html: gone.png is not there"),
        ('<a href="gone.html">', "index.html: gone.html is not there"),
        ('<a href="#gone">', "index.html:  has no place #gone"),
        ('<a href="api/losses.html#gone">', "index.html: api/losses.html has no place #gone"),
    ],
)
def test_what_is_wrong_is_named(site, added, problem):
    (site / "index.html").write_text(GOOD + added)
    assert problems(site, []) == [problem]


def test_links_to_other_hosts_may_be_there(site):
    (site / "index.html").write_text(GOOD + '<a href="https://elsewhere">e</a><a href="mailto:a@b">m</a>')
    assert problems(site, []) == []


def test_a_missing_name_and_an_empty_site_are_named(site, tmp_path):
    assert problems(site, ["diffshape.ops.g"]) == ["api/ops.html: diffshape.ops.g is missing"]
    (tmp_path / "empty").mkdir()
    assert problems(tmp_path / "empty", []) == [f"{tmp_path / 'empty'}: no page was built"]
