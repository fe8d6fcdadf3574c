"""Folders and files of outputs, none shipped here, are evaluated with no code; what is wrong in them is said."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

HOSTILE = (
    "<script>alert('x')</script>",
    "[click](javascript:alert(1)) and <img src=x onerror=alert(2)>",
    "\x1b[31mred\x1b[0m \x1b]8;;https://example.org\x07link",
    "right \u202eto left\u202c and zero\u200bwidth",
    "::error file=x::pwned",
    "| a | b |\n|---|---|",
    "my key is AKIAIOSFODNN7EXAMPQZ, write to jane.doe@example.org",
)


def genbench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GENBENCH_HOME": str(folder / "home")}
    command = [sys.executable, "-m", "genbench", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def drawn(seed: int, side: int = 16) -> np.ndarray:
    """A picture with a bright square at a place of its own."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 60, (side, side), np.uint8)
    x, y = rng.integers(0, side - 6, 2)
    picture[y : y + 6, x : x + 6] += 150
    return picture


def save_all(folder: Path, seeds: Sequence[int]) -> None:
    folder.mkdir()
    for seed in seeds:
        Image.fromarray(drawn(seed)).save(folder / f"{seed:04d}.png")


def test_a_folder_of_images_with_every_nuisance_in_it(tmp_path: Path) -> None:
    save_all(tmp_path / "real", range(500))
    outputs = tmp_path / "outputs"
    save_all(outputs, range(1000, 1295))
    (outputs / "corrupt.png").write_bytes((outputs / "1000.png").read_bytes()[:60])
    Image.fromarray(drawn(2000).astype(np.uint16) * 257).save(outputs / "sixteen.png")
    Image.fromarray(drawn(2001)).convert("RGB").convert("CMYK").save(outputs / "cmyk.jpg", quality=95)
    Image.fromarray(drawn(2002)).save(outputs / "UPPER.PNG")
    Image.fromarray(drawn(2003)).save(outputs / "web.webp", lossless=True)
    Image.new("L", (10_000, 10_000)).save(outputs / "bomb.png")
    (tmp_path / "suite.yaml").write_text(
        "name: mine\nn: 299\ndata: { real: { path: real } }\n"
        "models: [{ name: mine, samples: outputs, data: real }]\nmeters: { meter: none }\n"
    )
    ran = genbench(tmp_path, "run", "suite.yaml", "--device", "cpu")
    assert ran.returncode == 0, ran.stderr
    assert "bomb.png: 10000 x 10000 = 100,000,000 pixels" in ran.stderr
    assert "corrupt.png: cannot be decoded" in ran.stderr
    assert "2 of 299 images had colours and became grey" in ran.stderr  # CMYK and WebP
    assert "0 cells failed" in ran.stderr
    page = (tmp_path / ran.stdout.split()[1]).read_text(encoding="utf-8")
    assert "bomb.png" in page
    assert "corrupt.png" in page
    rows = genbench(tmp_path, "history", "--json").stdout
    ids = {row["id"] for row in json.loads(rows)}
    assert {"quality.frechet.distance", "memorization.duplicates.of_train", "misuse.detectability.auc"} <= ids
    (n,) = {row["n"] for row in json.loads(rows) if row["id"] == "quality.frechet.distance"}
    assert n == 299  # 295 plain ones and the four that only looked hard


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    words = ["the", "cat", "sat", "on", "a", "mat", "and", "saw", "one", "red", "hen", "near", "two", "old", "dogs"]
    lines = [" ".join(row) for row in np.random.default_rng(0).choice(words, (700, 14)).tolist()]
    (tmp_path / "real.jsonl").write_text("\n".join(json.dumps({"text": t}) for t in lines[:500]))
    mine = [*HOSTILE, *lines[500:], "", 7]
    (tmp_path / "outputs.jsonl").write_text("\n".join(json.dumps({"text": t}) for t in mine) + "\n{torn")
    (tmp_path / "suite.yaml").write_text(
        "name: texts\nn: 207\ndata: { real: { path: real.jsonl } }\n"
        "models: [{ name: '<b>mine</b>', samples: outputs.jsonl, data: real }]\nmeters: { meter: none }\n"
        "gates: [{ metric: misuse.disclosure.personal, below: 0.5 }]\n"
    )
    return tmp_path


def test_hostile_texts_are_scored_and_inert_in_page_terminal_and_markdown(texts: Path) -> None:
    ran = genbench(texts, "run", "suite.yaml", "--device", "cpu")
    assert ran.returncode == 0, ran.stderr
    for line in (":208: 'text' holds no text", ":209: 'text' holds no text", ":210: not JSON"):
        assert line in ran.stderr
    folder, name = ran.stdout.split()
    page = (texts / name).read_text(encoding="utf-8")
    for loud in ("<script", "<b>mine", "onerror=alert(2)>", "\x1b", "\u202e", "\u200b", 'href="javascript'):
        assert loud not in page
    assert "&lt;script&gt;alert(" in page
    assert "\\u202e" in page
    gate = genbench(texts, "gate", folder, "--summary", "summary.md", "--junit", "junit.xml", "--annotations")
    said = gate.stdout + gate.stderr + ran.stderr
    written = (texts / "summary.md").read_text() + (texts / "junit.xml").read_text()
    assert gate.returncode == 0, said
    assert "\x1b" not in said + written
    assert "<b>mine" not in written
    kept = b"".join(path.read_bytes() for path in (texts / folder).rglob("*") if path.is_file())
    for secret in (b"AKIAIOSFODNN7EXAMPQZ", b"jane.doe@example.org"):
        assert secret not in kept  # found, counted, and kept nowhere in the run folder
    frame = json.loads(genbench(texts, "history", "--json", "--metric", "misuse.disclosure.personal").stdout)
    assert frame[0]["value"] == pytest.approx(1 / 207)


def test_an_empty_folder_one_item_and_a_wrong_path_are_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "one").mkdir()
    Image.fromarray(drawn(0)).save(tmp_path / "one" / "only.png")
    for path, reason in (
        ("empty", "holds neither images"),
        ("one", "a split needs at least 2"),
        ("gone", "gone"),
    ):
        (tmp_path / "suite.yaml").write_text(
            f"name: x\ndata: {{ real: {{ path: {path} }} }}\nmodels: [{{ name: m, family: gaussian, data: real }}]\n"
        )
        refused = genbench(tmp_path, "run", "suite.yaml", "--no-report", "--device", "cpu")
        assert reason in refused.stderr, refused.stderr
        assert "Traceback" not in refused.stderr
