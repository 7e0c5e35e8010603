"""What the pages for people hold: links, anchors, code, commands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
NOTEBOOKS = ROOT / "docs" / "notebooks"
"""Folder of pages that are notebooks, whose cells run in their order by tests/examples."""
PROGRAMS = "diffshape|make|pip|python|tensorboard|wandb"


def short(path: Path) -> str:
    """The name of a file in the repository."""
    return path.relative_to(ROOT).as_posix()


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def links(page: Path) -> list[tuple[Path, str]]:
    """Targets of links and pictures of a page, of Markdown and of HTML, as (file, anchor), the file resolved."""
    text = re.sub(r"^```.*?^```", "", text_of(page), flags=re.M | re.S)
    targets = re.findall(r"\]\(([^)\s]*)\)", text) + re.findall(
        r"""<(?:a|img|source)\s[^>]*(?:href|src)="([^"]*)""", text
    )
    inside = [target.partition("#") for target in targets if not re.match(r"\w+:", target)]
    return [((page.parent / target).resolve() if target else page, anchor) for target, _, anchor in inside]


def anchors(page: Path) -> list[str]:
    """Names by which places of a page can be linked to: headings, as GitHub makes them, and those that it sets."""
    text = re.sub(r"^```.*?^```", "", text_of(page), flags=re.M | re.S)
    names: list[str] = []
    for heading in re.findall(r"^#+ (.+?)\s*$", text, re.M):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        names.append(f"{name}-{names.count(name)}" if name in names else name)
    return names + re.findall(r'<a id="([^"]+)"', text)


def blocks(page: Path) -> list[tuple[str, str]]:
    """Code of a page in its order, as ("python", code) or ("shell", commands); that of a notebook runs with it."""
    if page.parent == NOTEBOOKS:
        return []
    fence, indented = r"^```(\w+)\n(.*?)^```", rf"((?:^    (?:{PROGRAMS}) [^\n]*\n)+)"
    found = re.findall(f"{fence}|{indented}", text_of(page), re.M | re.S)
    return [(kind or "shell", code or indented) for kind, code, indented in found]


def commands(page: Path) -> list[str]:
    """Command lines of a page: of its blocks, without the words that explain them, and within a sentence."""
    lines = [line for kind, code in blocks(page) if kind == "shell" for line in code.splitlines()]
    text = re.sub(r"^```.*?^```", "", text_of(page), flags=re.M | re.S)
    named = re.findall(r"(?<!`)`((?:diffshape|make) [^`]+)`(?!`)", text)
    return [re.split(r"  +", line.strip())[0] for line in lines] + [" ".join(line.split()) for line in named]


def navigation(entries: Any = None) -> Iterator[str]:
    """Pages that mkdocs.yml has in its navigation, from the top, as paths below docs/."""
    for entry in yaml.safe_load(text_of(ROOT / "mkdocs.yml"))["nav"] if entries is None else entries:
        if isinstance(entry, dict):
            for inside in entry.values():
                yield from navigation([inside] if isinstance(inside, str) else inside)
        else:
            yield entry
