"""Where a run comes from: its command, its settings, and the machine and versions it was made with."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffshape.report.page.document import folded
from diffshape.report.page.html import Child, Html, element, joined
from diffshape.report.page.table import facts_table


def reproduction_of(environment: Mapping[str, Any]) -> Html:
    """How to make the run again, from the content of its environment.json."""
    versions = " ".join(
        f"{name}=={version}" for name, version in _packages(environment).items() if version != "missing"
    )
    return joined(
        element("p", "The command that began the run:"),
        element("pre", command_of(environment), class_="wrapped"),
        element("p", "or, with config.yaml from the run folder, which has every setting:"),
        element("pre", "diffshape fit POINTS --config config.yaml", class_="wrapped"),
        element("p", "with these versions; on one CPU the same seed gives the same bits:"),
        element("pre", versions, class_="wrapped"),
    )


def command_of(environment: Mapping[str, Any]) -> str:
    """The command as it can be typed.

    >>> command_of({"command": ["/usr/bin/diffshape", "fit", "my scan.ply"]})
    "diffshape fit 'my scan.ply'"
    """
    command = [str(word) for word in environment.get("command", ())]
    if not command:
        return "(not known)"
    program = Path(command[0])
    ours = (
        program.stem == "diffshape"
        or program.parts[-3:] == ("diffshape", "cli", "main.py")
        or program.parts[-2:] == ("diffshape", "__main__.py")
    )
    return shlex.join([*(["diffshape"] if ours else ["python", program.name]), *command[1:]])


def environment_table(environment: Mapping[str, Any]) -> Html:
    """The machine and the versions."""
    titles = {"python": "Python", "platform": "system", "processors": "processors", "threads": "threads", "gpu": "GPU"}
    rows: list[tuple[Child, Child, Child]] = [
        (title, str(environment[name]), None) for name, title in titles.items() if environment.get(name) is not None
    ]
    rows += [(name, version, None) for name, version in _packages(environment).items()]
    return folded("Machine and versions", facts_table(rows))


def configuration(text: str) -> Html:
    """The text of a config.yaml."""
    return folded("Every setting (config.yaml)", element("pre", text))


def _packages(environment: Mapping[str, Any]) -> dict[str, str]:
    packages = environment.get("packages")
    plain = {str(name): str(version) for name, version in packages.items()} if isinstance(packages, Mapping) else {}
    return {"diffshape": str(environment.get("diffshape", "unknown")), **plain}
