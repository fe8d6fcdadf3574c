"""Photos of mixed sizes and formats, one of them torn: a folder, a zip and a tar of it give the same scores."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from run.conftest import Runs, values

SIZES = ((48, 32), (32, 48), (40, 40), (60, 30))  # widths and heights
Writer = Callable[[Image.Image, Path, np.random.Generator], None]


def sixteen_bits(image: Image.Image, file: Path, rng: np.random.Generator) -> None:
    Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257).save(file.with_suffix(".png"))


def see_through(image: Image.Image, file: Path, rng: np.random.Generator) -> None:
    image = image.convert("RGBA")
    image.putalpha(Image.fromarray(rng.integers(80, 256, image.size[::-1], dtype=np.uint8)))
    image.save(file.with_suffix(".png"))


def turned(image: Image.Image, file: Path, rng: np.random.Generator) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(file.with_suffix(".jpeg"), exif=exif, quality=85)


KINDS: tuple[Writer, ...] = (
    lambda image, file, rng: image.save(file.with_suffix(".png")),
    lambda image, file, rng: image.save(file.with_suffix(".jpg"), quality=88),
    lambda image, file, rng: image.save(file.with_suffix(".webp"), quality=80),
    lambda image, file, rng: image.save(file.with_suffix(".gif")),
    lambda image, file, rng: image.convert("CMYK").save(file.with_suffix(".JPG"), quality=90),
    lambda image, file, rng: image.convert("P").save(file.with_suffix(".bmp")),
    lambda image, file, rng: image.save(file.with_suffix(".tiff")),
    sixteen_bits,
    see_through,
    turned,
)


def photographed(root: Path, seed: int, n: int) -> None:
    root.mkdir()
    rng = np.random.default_rng(seed)
    for i in range(n):
        coarse = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize(SIZES[i % len(SIZES)], Image.Resampling.BICUBIC)).astype(float)
        pixels = np.clip(smooth + rng.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)
        KINDS[i % len(KINDS)](Image.fromarray(pixels), root / f"{i:03d}", rng)
    whole = next(root.glob("*.jpg")).read_bytes()
    (root / "torn.jpg").write_bytes(whole[: len(whole) // 3])
    (root / "notes.txt").write_text("no picture")


def test_the_scores_and_what_is_said_of_the_files_are_the_same(run_of: Runs, tmp_path: Path) -> None:
    for name, seed, n in (("real", 0, 60), ("made", 1, 40)):
        photographed(tmp_path / name, seed, n)
        shutil.make_archive(str(tmp_path / f"{name}_zip"), "zip", tmp_path / name)
        shutil.make_archive(str(tmp_path / f"{name}_tar"), "gztar", tmp_path, name)
    runs = [
        run_of(
            home=f"home{ending}", n=40,
            data={"real": {"source": "image_folder", "path": f"{tmp_path / 'real'}{ending}"}},
            lenses={"image": "image.pixels"},
            models=[{"name": "made", "samples": f"{tmp_path / 'made'}{ending}", "data": "real"}],
            probes=[
                "quality.frechet", "quality.kernel", "quality.prdc", "quality.diversity", "memorization.copying",
                "memorization.duplicates", "misuse.detectability", {"probe": "quality.means", "lens": "image.spectrum"},
            ],
        )
        for ending in ("", "_zip.zip", "_tar.tar.gz")
    ]  # fmt: skip
    assert not any(run.failed for run in runs)
    scores = [values(run) for run in runs]
    assert len(scores[0]) >= 7
    assert scores[0] == scores[1] == scores[2]
    cards = [next(iter(run.events("data"))) for run in runs]
    assert len({card["digest"] for card in cards}) == 1
    assert all(len(card["quarantined"]) == 1 for card in cards)


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_each_kind_of_file_is_written_here_at_all(kind: int, tmp_path: Path) -> None:
    """Or the test above would try less than it says."""
    KINDS[kind](Image.new("RGB", (8, 6), "red"), tmp_path / "x", np.random.default_rng(0))
    (file,) = tmp_path.iterdir()
    with Image.open(file) as image:
        assert image.size == (8, 6)
