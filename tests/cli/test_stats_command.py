"""`genbench stats`: a folder becomes a file, and two files become a distance or a refusal."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from genbench.data._images import read_image
from genbench.lenses.image.pixels import Pixels
from genbench.results.statistics_file import read_statistics
from genbench.run import statistics
from genbench.run.statistics import folder_statistics
from genbench.stats.frechet import frechet

LENS = ("--lens", "image.pixels", "--set", "side=6", "--device", "cpu")


@pytest.fixture
def pictures(tmp_path):
    """60 and 50 small pictures of two sizes and formats, one of them broken."""
    rng = np.random.default_rng(0)
    for name, n, level in (("a", 60, 90), ("b", 50, 130)):
        (tmp_path / name).mkdir()
        for i in range(n):
            side = 12 if i % 2 else 17
            pixels = np.clip(rng.normal(level, 30, (side, side, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{i:03d}.{'png' if i % 3 else 'jpg'}")
    (tmp_path / "a" / "broken.png").write_bytes(b"\x89PNG\r\n")
    return tmp_path


def features(folder):
    rows = [read_image(p) for p in sorted(folder.iterdir()) if p.name != "broken.png"]
    return Pixels(side=6).features(rows)


def test_two_folders_become_the_distance_of_their_features(genbench, pictures):
    for name in "ab":
        told = genbench("stats", name, "-o", f"{name}.safetensors", *LENS, "--batch", "7")
        assert told.code == 0
    assert "50 images, 108 features" in told.out
    x, y = features(pictures / "a"), features(pictures / "b")
    expected = frechet(x, y)
    told = json.loads(genbench("stats", "compare", "a.safetensors", "b.safetensors", "--json").out)
    assert told["plug_in"] == pytest.approx(expected.value, rel=1e-6)
    assert told["n"] == [60, 50]
    assert told["unlike"] == []
    assert told["interval"][0] < told["distance"] < told["interval"][1]
    assert "Gaussian theory" in told["method"]
    assert "95 % interval" in genbench("stats", "compare", "a.safetensors", "b.safetensors").out


def test_an_archive_of_the_folder_has_the_same_statistics(genbench, pictures):
    shutil.make_archive(str(pictures / "b"), "zip", pictures, "b")
    for source in ("b", "b.zip"):
        assert genbench("stats", source, "-o", f"{source}.safetensors", *LENS).code == 0
    folder, archive = (read_statistics(pictures / f"{source}.safetensors") for source in ("b", "b.zip"))
    assert np.array_equal(folder.moments.covariance, archive.moments.covariance)
    assert np.array_equal(folder.moments.mean, archive.moments.mean)
    assert folder.marks == archive.marks


def test_a_broken_file_is_named_and_set_aside(genbench, pictures):
    told = genbench("stats", "a", "-o", "a.safetensors", *LENS)
    assert told.code == 0
    assert "broken.png" in told.err
    assert "60 images" in told.out


def test_unlike_files_are_refused_or_compared_with_a_warning(genbench, pictures):
    genbench("stats", "a", "-o", "a.safetensors", *LENS)
    genbench("stats", "b", "-o", "b.safetensors", *LENS[:3], "side=7", "--device", "cpu")
    told = genbench("stats", "compare", "a.safetensors", "b.safetensors", "--allow-unlike")
    assert told.code == 2
    assert "108 features" in told.err  # no flag makes rows of other lengths comparable
    y = features(pictures / "b")
    np.savez(pictures / "b.npz", mu=y.mean(0), sigma=np.cov(y, rowvar=False))
    told = genbench("stats", "compare", "a.safetensors", "b.npz")
    assert told.code == 2
    assert "lens: image.pixels against unknown" in told.err
    assert "--allow-unlike" in told.err
    told = genbench("stats", "compare", "a.safetensors", "b.npz", "--allow-unlike", "--summary", "said.md")
    assert told.code == 0
    written = (pictures / "said.md").read_text(encoding="utf-8")
    assert written.startswith("## a.safetensors beside b.npz")
    assert "| UNLIKE | lens: image.pixels against unknown" in written
    assert "UNLIKE" in told.out
    assert "unknown: a count is not written down" in told.out


def test_mistakes_are_said_before_the_work(genbench, pictures):
    for arguments, words in (
        (("a", "-o", "a.npz", *LENS), ".safetensors"),
        (("a", "-o", "nowhere/a.safetensors", *LENS), "nowhere"),
        (("a", "-o", "a.safetensors", "--lens", "image.pixel"), "did you mean 'image.pixels'?"),
        (("a", "-o", "a.safetensors", "--lens", "image.pixels", "--set", "sid=3"), "did you mean 'side'?"),
        (("a", "-o", "a.safetensors", "--lens", "image.pixels", "--set", "side=x"), "side wants a whole number"),
        (("a", "-o", "a.safetensors", "--lens", "image.inception"), "needs --set weights="),
        (("a", "-o", "a.safetensors", "--lens", "image.classifier"), "learns from a train split"),
        (("a", "-o", "a.safetensors", "--lens", "text.ngrams"), "folders of images"),
    ):
        told = genbench("stats", *arguments)
        assert told.code == 2, arguments
        assert words in told.err, told.err
    assert not (pictures / "a.safetensors").exists()


def test_no_more_than_a_few_batches_are_held_at_a_time(pictures, monkeypatch):
    """Each file is read when it is at most `ahead` before the one that is embedded, however many there are."""
    read, embedded, furthest = [], [], []

    def counting(file):
        read.append(file)
        furthest.append(len(read) - len(embedded))
        return read_image(file)

    class Seeing(Pixels):
        def features(self, items):
            embedded.extend(items)
            return super().features(items)

    monkeypatch.setattr(statistics, "read_image", counting)
    monkeypatch.setattr(statistics, "_built", lambda *_: Seeing(side=6))
    folder_statistics(pictures / "a", "image.pixels", {"side": 6}, batch=5)
    assert len(embedded) == 60
    assert max(furthest) <= 2 * 5 + 5 + 1
