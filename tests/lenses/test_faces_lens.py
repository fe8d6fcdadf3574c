"""Faces are found in drawn pictures and not in others; without its package the lens says which to install."""

import builtins
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from sklearn.datasets import load_sample_images

from genbench.core.data import Dataset, Groups
from genbench.core.errors import LensError, MissingExtra
from genbench.core.lens import Annotator, Embeds, Identified
from genbench.lenses.image.faces import NAMES, Faces

FILE = Path(__file__).parents[2] / ".." / "shared" / "data" / "yunet" / "yunet_n_320_320.onnx"
real = pytest.mark.skipif(
    not FILE.exists() or importlib.util.find_spec("onnxruntime") is None,
    reason="YuNet's file, or onnxruntime to read it, is not here",
)
SKIN, SHADE, HAIR = (205, 160, 135), (164, 128, 108), (45, 32, 25)


def face() -> np.ndarray:
    """A drawn portrait, slightly blurred."""
    picture = Image.new("RGB", (240, 300), (70, 80, 95))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((40, 10, 200, 230), fill=HAIR)
    draw.rectangle((90, 220, 150, 300), fill=SHADE)
    draw.ellipse((58, 50, 178, 245), fill=SKIN)
    for x in (90, 150):
        draw.ellipse((x - 21, 110, x + 21, 136), fill=SHADE)
        draw.ellipse((x - 17, 119, x + 17, 131), fill=(225, 220, 215))
        draw.ellipse((x - 7, 118, x + 7, 132), fill=HAIR)
        draw.line((x - 20, 102, x, 97, x + 20, 102), fill=HAIR, width=6)
    draw.polygon([(118, 125), (122, 125), (134, 178), (106, 178)], fill=(184, 144, 121))
    draw.ellipse((95, 198, 145, 216), fill=(160, 85, 80))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(3)))


@pytest.fixture(scope="module")
def lens() -> Faces:
    return Faces(path=str(FILE))


@real
def test_a_drawn_face_is_seen_in_colour_in_grey_and_in_part_of_an_image(lens):
    shown = face()
    wide = np.full((300, 700, 3), 90, np.uint8)
    wide[:, 230:470] = shown
    said = lens.annotate([shown, shown.mean(axis=2, keepdims=True).astype(np.uint8), wide, shown[::3, ::3].copy()])
    assert said.names == NAMES
    assert said.labels.tolist() == [1, 1, 1, 1]
    assert said.confusion is None


@real
def test_no_face_is_seen_in_other_pictures(lens):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    flat, tiny = np.full((40, 40, 1), 128, np.uint8), np.zeros((8, 8, 1), np.uint8)
    assert lens.annotate([*load_sample_images().images, noise, flat, tiny]).labels.tolist() == [0] * 5


@real
def test_mistakes_are_counted_where_labels_tell_them(lens):
    items = [face(), *(np.full((64, 64, 3), grey, np.uint8) for grey in (0, 90, 200))]
    groups = Groups(np.array([0, 1, 1, 0]), ("face", "no face"))
    splits = {"train": np.array([0]), "held_out": np.array([1]), "reserve": np.array([0, 2, 3])}
    data = Dataset("faces", "image", items, splits, tuple("abcd"), "", "", "", groups)
    tried = Faces(path=str(FILE))
    tried.learn(data, 0)
    assert tried.confusion.tolist() == [[1, 0], [1, 1]]  # rows: no face, face; one face is an empty picture
    again = Faces(path=str(FILE))
    again.restore(*tried.state())
    assert again.annotate([face()]).confusion.tolist() == tried.confusion.tolist()
    lens.learn(Dataset("bare", "image", items, splits, tuple("abcd"), "", "", ""), 0)
    assert lens.state() == ({}, {})


def test_it_annotates_and_does_not_embed():
    assert isinstance(Faces(path="x"), Annotator)
    assert isinstance(Faces(path="x"), Identified)
    assert not isinstance(Faces(path="x"), Embeds)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    found = builtins.__import__

    def missing(name, *rest, **named):
        if name == "onnxruntime":
            raise ImportError(name)
        return found(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtra, match=r"onnxruntime: pip install 'genbench\[faces\]'"):
        Faces(path=str(FILE)).annotate([np.zeros((8, 8, 1), np.uint8)])


@real
def test_what_is_no_detector_is_said(tmp_path):
    with pytest.raises(LensError, match="no file at"):
        Faces(path=str(tmp_path / "x.onnx")).annotate([])
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    with pytest.raises(LensError, match="cannot read"):
        Faces(path=str(broken)).annotate([])
    with pytest.raises(LensError, match="between 0 and 1"):
        Faces(path="x", least=1.0)
