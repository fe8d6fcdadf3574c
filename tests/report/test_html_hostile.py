"""Texts from models, data and users are shown on the page, never obeyed."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from html.parser import HTMLParser

import pytest
from report.staged import SCRIPT, hostile_run

from genbench.report.html import LARGEST, write_report

KNOWN = {
    "html", "head", "meta", "title", "style", "body", "a", "svg", "symbol", "path", "circle", "rect", "line", "text",
    "use", "polyline", "header", "nav", "main", "footer", "section", "article", "div", "p", "span", "strong", "code",
    "pre", "ul", "li", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "table", "caption", "thead", "tbody", "tr", "th", "td",
    "details", "summary", "figure", "figcaption", "img", "blockquote",
}  # fmt: skip


class Elements(HTMLParser):
    """Every element with its attributes, and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("hostile")
    write_report(hostile_run(folder / "run"), folder / "page.html")
    return (folder / "page.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def elements(page) -> Elements:
    reader = Elements()
    reader.feed(page)
    return reader


def test_no_element_but_our_own_and_none_that_runs(elements):
    assert {tag for tag, _ in elements.found} <= KNOWN


def test_no_attribute_runs_or_styles(elements):
    names = {name for _, attributes in elements.found for name in attributes}
    assert [n for n in names if n.startswith("on") or n in ("style", "srcdoc", "srcset", "action", "formaction")] == []


def test_nothing_is_loaded_and_no_link_leaves_the_page(elements):
    for tag, attributes in elements.found:
        for name in ("href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
        assert (attributes.get("src") or "data:image/png;base64,").startswith("data:image/png;base64,")


def test_the_policy_allows_our_one_style_sheet_and_nothing_else(page, elements):
    policies = [a["content"] for t, a in elements.found if a.get("http-equiv") == "Content-Security-Policy"]
    style = page[page.index("<style>") + len("<style>") : page.index("</style>")]
    name = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policies == [
        f"default-src 'none'; style-src 'sha256-{name}'; img-src data:; base-uri 'none'; form-action 'none'"
    ]
    assert page.index("Content-Security-Policy") < page.index("<style>")
    assert page.count("<style>") == 1
    assert "url(" not in style
    assert "@import" not in style


def test_the_attack_is_there_to_be_read(elements):
    shown = "".join(elements.texts)
    assert shown.count(SCRIPT) > 20
    assert "\\x1b[31mred\\u202egnp.exe" in shown
    assert "javascript:alert(4)" in shown


def test_no_control_or_direction_character_is_left(page):
    left = {c for c in page if unicodedata.category(c) in {"Cc", "Cf", "Cs"} and c != "\n"}
    assert left == set()


def test_it_is_small(page):
    assert len(page.encode()) < LARGEST
