"""Checks the built site: nothing is loaded from another host, links and anchors lead somewhere, public names are there.

python docs/check_site.py [FOLDER]
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = re.compile(r"(?:[\w+.-]+:)?//")
"""Beginning of an address of another host."""


class Page(HTMLParser):
    """The anchors of a page, what it links to, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser with each tag."""
        given = {name: value for name, value in attrs if value is not None}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif "src" in given or (tag == "link" and "href" in given and given.get("rel") != "canonical"):
            self.loaded.append(given.get("src", given.get("href", "")))


def problems(site: Path, names: list[str]) -> list[str]:
    """One line for everything that is wrong with the pages in a folder; ``names`` are the public ones."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = [f"{site}: no page was built"] if not pages else []
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # its addresses begin at the root of a server
        where = path.relative_to(site).as_posix()
        found += [f"{where}: loads {address}" for address in page.loaded if ELSEWHERE.match(address)]
        inside = [address for address in page.links + page.loaded if not re.match(r"[\w+.-]+:|//", address)]
        for file, _, anchor in (unquote(address).partition("#") for address in inside):
            target = (path.parent / file.split("?")[0]).resolve() if file else path
            if target.is_dir():
                target /= "index.html"
            if not target.is_file():
                found.append(f"{where}: {file} is not there")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                found.append(f"{where}: {file} has no place #{anchor}")
    for name in names:
        path = site / "api" / f"{name.split('.')[1]}.html"
        if path not in pages or name not in pages[path].anchors:
            found.append(f"{path.relative_to(site).as_posix()}: {name} is missing")
    return found


if __name__ == "__main__":
    site = Path(sys.argv[1] if sys.argv[1:] else ROOT / "site").resolve()
    frozen = (ROOT / "tests" / "public_names.txt").read_text(encoding="utf-8").split()
    wrong = problems(site, [name for name in frozen if name.count(".") == 2])
    print(*wrong or [f"{site}: every link leads somewhere, and nothing comes from another host"], sep="\n")
    sys.exit(bool(wrong))
