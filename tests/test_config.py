"""Settings out of files: every value of its type, every key known, whatever else the file holds one sentence."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pytest

from diffshape._config import from_plain, to_plain
from diffshape._files import read_json, read_yaml
from diffshape._sized_for import SizedFor
from diffshape._typed import check_settings
from diffshape.fields import HashGridConfig, MLPConfig, build_field


@dataclass(frozen=True, kw_only=True)
class Inner:
    width: int = 8
    rate: float = 0.5
    box: tuple[float, float] = (0.0, 1.0)
    sizes: tuple[int, ...] = (1, 2)
    on: bool = True
    name: str | None = None
    kind_of: Literal["a", "b"] = "a"

    def __post_init__(self):
        check_settings(self)


@dataclass(frozen=True, kw_only=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    steps: int | None = None


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("width", 64.5, "a whole number, got 64.5"),
        ("width", 64.0, "a whole number, got 64.0"),
        ("width", True, "a whole number, got True"),
        ("width", "8", "a whole number, got '8'"),
        ("rate", True, "a number, got True"),
        ("rate", "half", "a number, got 'half'"),
        ("rate", float("nan"), "a number, got nan"),
        ("rate", 10**400, "a number, got 1000"),
        ("rate", [0.5], "a number, got"),
        ("box", [], r"a list of 2 numbers, got \[\]"),
        ("box", [1, "x"], "a list of 2 numbers"),
        ("box", 3, "a list of 2 numbers, got 3"),
        ("sizes", [1, 2.5], "a list of whole numbers"),
        ("on", "no", "True or False, got 'no'"),
        ("on", 1, "True or False, got 1"),
        ("name", 3, "text or None, got 3"),
        ("kind_of", "c", "one of a, b, got 'c'"),
        ("kind_of", ["a"], "one of a, b, got"),
    ],
)
def test_a_value_of_another_type_is_refused_by_its_path(name, value, wanted):
    with pytest.raises(ValueError, match=rf"^inner\.{name} must be {wanted}"):
        from_plain(Outer, {"inner": {name: value}})
    if not isinstance(value, str) or name != "rate":
        with pytest.raises(ValueError, match=rf"^Inner: {name} must be {wanted}"):
            Inner(**{name: value})


def test_what_yaml_takes_for_text_is_a_number_and_lists_are_tuples():
    inner = from_plain(Inner, {"rate": "1e-3", "box": [-1, "inf"], "sizes": [3]})
    assert (inner.rate, inner.box, inner.sizes) == (1e-3, (-1.0, float("inf")), (3,))
    assert from_plain(Inner, to_plain(inner)) == inner


def test_lists_and_numbers_of_numpy_are_kept_as_plain_ones():
    inner = Inner(width=np.int64(3), rate=np.float32(0.5), box=[0, 1])
    assert (type(inner.width), type(inner.rate), inner.box) == (int, float, (0.0, 1.0))


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({"stpes": 3}, r"there is no setting stpes; did you mean steps\?$"),
        ({"inner": {"widht": 3}}, r"there is no setting inner\.widht; did you mean inner\.width\?$"),
        ({3: 4}, r"there is no setting 3; there are inner, steps$"),
        ({"inner": 3}, "^inner must be settings by name, got 3$"),
    ],
)
def test_an_unknown_key_is_named_by_its_path(plain, message):
    with pytest.raises(ValueError, match=message):
        from_plain(Outer, plain)


def test_a_part_is_laid_over_a_base():
    base = Outer(inner=Inner(width=3, rate=0.25), steps=7)
    assert from_plain(Outer, {"inner": {"rate": 1}}, base=base) == Outer(inner=Inner(width=3, rate=1.0), steps=7)
    assert from_plain(Outer, {}, base=base) == base


@pytest.mark.parametrize(
    "text",
    [
        "[" * 3000,
        "{a: " * 3000,
        "a: !!timestamp x",
        "- 1",
        "words",
        "a: b: c",
        "!!python/object/apply:os.system ['true']",
    ],
)
def test_a_file_of_something_else_is_one_sentence_with_its_name(tmp_path, text):
    for read, name in ((read_yaml, "config.yaml"), (read_json, "inputs.json")):
        (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match=rf"{name} (is not|holds no)") as caught:
            read(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path):
    path = tmp_path / "config.yaml"
    for content, message in ((b"a: 1\n" * 300_000, "larger than 1 MB"), (b"\xff\x00", "is not YAML")):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            read_yaml(path)


def test_a_network_much_larger_than_its_weights_is_not_made():
    weights = list(build_field(HashGridConfig(levels=2, finest=16)).state_dict().values())
    with SizedFor(weights):
        build_field(MLPConfig(width=64))
    for config in (MLPConfig(width=60_000), HashGridConfig(levels=32, features=64, finest=2048, log2_entries=24)):
        with pytest.raises(ValueError, match="much larger than the weights"), SizedFor(weights):
            build_field(config)


@dataclass(frozen=True, kw_only=True)
class Circle:
    radius: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Ring:
    radius: float = 2.0


@dataclass(frozen=True, kw_only=True)
class Square:
    side: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Drawing:
    inside: Circle | Square
    outside: Ring | Square


def test_classes_that_no_setting_has_both_of_may_share_a_name():
    kinds = {"round": (Circle, Ring), "square": Square}
    for drawing in (Drawing(inside=Circle(), outside=Ring()), Drawing(inside=Square(), outside=Ring(radius=3.0))):
        plain = to_plain(drawing, kinds)
        assert plain["outside"]["kind"] == "round"
        assert from_plain(Drawing, plain, kinds) == drawing
