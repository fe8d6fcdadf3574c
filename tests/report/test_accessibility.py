"""The page passes axe-core in a real browser, wide and narrow, light and dark, and its colours stand apart."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from report.staged import honest_run, hostile_run

from genbench.report.html import PAGE, write_report

INKS = ("ink", "quiet", "accent", "alarm", "unsure", "clear", "info")
GROUNDS = ("ground", "card", "alarm-tint", "unsure-tint", "clear-tint", "info-tint")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def browser_path() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def axe_path() -> Path | None:
    """axe.min.js from GENBENCH_AXE or from node_modules beside the project or above it."""
    named = [Path(os.environ["GENBENCH_AXE"])] if "GENBENCH_AXE" in os.environ else []
    beside = [folder / "node_modules" / "axe-core" / "axe.min.js" for folder in Path(__file__).resolve().parents]
    return next((path for path in (*named, *beside) if path.is_file()), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed: pip install 'genbench[report-check]'")
    if browser_path() is None:
        pytest.skip("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path=browser_path(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    write_report(honest_run(folder / "honest", copied=0.2), folder / "honest.html")
    write_report(hostile_run(folder / "hostile"), folder / "hostile.html")
    return {name: folder / f"{name}.html" for name in ("honest", "hostile")}


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize("name", ["honest", "hostile"])
def test_axe_finds_no_violation(browser, pages, name, width, scheme):
    axe = axe_path()
    if axe is None:
        pytest.skip("axe-core is not installed: npm install axe-core, or set GENBENCH_AXE to axe.min.js")
    # The page's own policy would refuse the checker's script, so it is lifted for this check only.
    tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    tab.goto(pages[name].as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    tab.evaluate(axe.read_text(encoding="utf-8"))
    found = tab.evaluate("axe.run(document).then(r => r.violations.map(v => [v.id, v.nodes[0].html]))")
    tab.close()
    assert found == []


@pytest.mark.parametrize("name", ["honest", "hostile"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_never_scrolls_sideways_asks_for_nothing_and_breaks_no_rule(browser, pages, name, width):
    tab = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("dialog", lambda dialog: said.append(dialog.message))
    tab.goto(pages[name].as_uri())
    wide, seen = tab.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    styled = tab.evaluate("getComputedStyle(document.querySelector('.verdict')).display")
    tab.close()
    assert wide <= seen
    assert styled == "flex"  # the policy let our style sheet through
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_ink_stands_apart_from_every_ground(scheme):
    style = (PAGE / "style.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[("light", "dark").index(scheme)]))
    weak = {
        f"{ink} on {ground}": round(contrast(colours[ink], colours[ground]), 2)
        for ink, ground in product(INKS, GROUNDS)
        if contrast(colours[ink], colours[ground]) < 4.5
    }
    assert weak == {}


def contrast(a: str, b: str) -> float:
    """WCAG 2.2 contrast ratio of two colours."""
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance of #rrggbb."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_is_computed_as_the_standard_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
