"""The page's files, read and not run."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import scripts.simulator.page

FOLDER = Path(scripts.simulator.page.__file__).parent / "static"
FILES = sorted(FOLDER.iterdir())
SVG = "http://www.w3.org/2000/svg"


class Tags(HTMLParser):
    """Keeps every tag with its attributes, and what stands in a script or a style."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in {"script", "style"} and data.strip():
            self.inline.append(data)


@pytest.fixture(scope="module")
def page() -> Tags:
    parser = Tags()
    parser.feed((FOLDER / "index.html").read_text(encoding="utf-8"))
    return parser


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_no_file_names_another_server(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace(SVG, "")
    assert not re.search(r"(?:https?:)?//[\w-]+\.\w|@import|url\((?!#)", text)


def test_nothing_is_inline(page: Tags) -> None:
    assert page.inline == []
    attributes = [name for _, attributes in page.tags for name in attributes]
    assert [name for name in attributes if name == "style" or name.startswith("on")] == []


def test_every_file_is_reached_from_the_page(page: Tags) -> None:
    named = {
        Path(value or "").name
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in {"href", "src"}
    }
    scripts = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.js")}
    reached = {"index.html"}
    while named - reached:
        name = (named - reached).pop()
        reached.add(name)
        named |= {one for one in scripts if re.search(rf'"(?:\./)?{one}"', scripts.get(name, ""))}
    assert reached == {path.name for path in FILES}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.js")), ids=lambda path: path.name)
def test_text_never_becomes_markup_or_code(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(", text
    )
