import pytest

pytest.importorskip("griffe")

from docs.api.docstrings import prepared


def test_examples_become_code():
    text = "Twice x.\n\n>>> twice(2)\n4\n\nNot for words.\n\n>>> twice([1.0, 2.0])\n[1.0, 2.0][2.0, 4.0]"
    assert prepared(text) == (
        "Twice x.\n\n```pycon\n>>> twice(2)\n4\n```\n\nNot for words.\n\n"
        "```pycon\n>>> twice([1.0, 2.0])\n[1.0, 2.0][2.0, 4.0]\n```"
    )


def test_a_shared_description_is_that_of_every_argument():
    text = "Draw.\n\nArgs:\n    path: Where.\n    azimuth, up: How it\n        stands.\n    size: Pixels."
    assert prepared(text) == (
        "Draw.\n\nArgs:\n    path: Where.\n    azimuth: How it\n        stands.\n    up: How it\n        stands.\n"
        "    size: Pixels."
    )
