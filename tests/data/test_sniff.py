"""A bare path is looked at; outputs are read as they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genbench.core.errors import DataError
from genbench.data._sniff import read_outputs, sniff


def test_what_a_path_holds_decides(tmp_path: Path) -> None:
    for name, source in (("a.JSONL", "jsonl"), ("b.csv", "csv"), ("c.txt", "text_file"), ("d.md", "text_file")):
        (tmp_path / name).write_text("x")
        assert sniff(str(tmp_path / name)) == (source, {"path": str(tmp_path / name)})
    (tmp_path / "pictures" / "cat").mkdir(parents=True)
    Image.new("L", (4, 4)).save(tmp_path / "pictures" / "cat" / "1.PNG")
    assert sniff(str(tmp_path / "pictures"))[0] == "image_folder"
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "1.txt").write_text("x")
    assert sniff(str(tmp_path / "texts"))[0] == "text_folder"


def test_what_decides_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"x")
    with pytest.raises(DataError, match=r"cannot tell what it holds by its name; known are \.csv"):
        sniff(str(tmp_path / "weights.bin"))
    with pytest.raises(DataError, match=r"neither images .* nor texts; it holds \.bin"):
        sniff(str(tmp_path))
    with pytest.raises(DataError, match=r"did you mean 'weights\.bin'"):
        sniff(str(tmp_path / "weight.bin"))
    Image.new("L", (4, 4)).save(tmp_path / "1.png")
    with pytest.raises(DataError, match="is one image; give the folder"):
        sniff(str(tmp_path / "1.png"))
    (tmp_path / "1.txt").write_text("x")
    with pytest.raises(DataError, match="both images and texts"):
        sniff(str(tmp_path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="it is empty"):
        sniff(str(tmp_path / "empty"))


def test_outputs_that_repeat_themselves_are_read_in_full_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "outputs.jsonl"
    path.write_text("\n".join(json.dumps({"text": "again"}) for _ in range(20)) + '\n{"text": ""}')
    read = read_outputs(str(path), "text")
    assert read.items == ["again"] * 20
    assert read.quarantined[0].path.endswith(":21")
    path.write_text("\n".join(json.dumps({"text": t}) for t in ["again"] * 19 + ["Again"]))
    assert read_outputs(str(path), "text").digest != read.digest


def test_image_outputs_beside_notes(tmp_path: Path) -> None:
    grey = [np.full((6, 6), 40, np.uint8)] * 3
    for i, pixels in enumerate(grey):
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    (tmp_path / "prompts.txt").write_text("what was asked for")
    (tmp_path / "3.png").write_bytes(b"torn")
    read = read_outputs(str(tmp_path), "image")
    assert [item.shape for item in read.items] == [(6, 6, 1)] * 3
    assert len(read.quarantined) == 1
    changed = grey[0].copy()
    changed[0, 0] = 41
    Image.fromarray(changed).save(tmp_path / "0.png")
    assert read_outputs(str(tmp_path), "image").digest != read.digest
    texts = read_outputs(str(tmp_path), "text").items
    assert texts == ["what was asked for"]


def test_outputs_take_the_shape_of_the_items_they_are_compared_with(tmp_path: Path) -> None:
    Image.new("RGB", (12, 10), (30, 30, 30)).save(tmp_path / "colour.png")
    Image.new("L", (6, 6), 30).save(tmp_path / "grey.png")
    as_grey = read_outputs(str(tmp_path), "image", np.zeros((6, 6, 1), np.uint8))
    assert [item.shape for item in as_grey.items] == [(6, 6, 1)] * 2
    assert all((item == 30).all() for item in as_grey.items)
    assert as_grey.facts["colour made grey"] == "1 of 2 images had colours and became grey"
    assert as_grey.facts["resized"] == "1 of 2 images were resized to 6 x 6"
    as_colour = read_outputs(str(tmp_path), "image", np.zeros((10, 12, 3), np.uint8))
    assert [item.shape for item in as_colour.items] == [(10, 12, 3)] * 2
    assert as_colour.facts["grey made colour"] == "1 of 2 images were grey and got three equal channels"


def test_outputs_of_the_wrong_kind_or_none_are_refused(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "1.png")
    with pytest.raises(DataError, match="holds images, and the data it is compared with are text"):
        read_outputs(str(tmp_path), "text")
    (tmp_path / "a.csv").write_text("text\nx\n")
    with pytest.raises(DataError, match="no folder of images"):
        read_outputs(str(tmp_path / "a.csv"), "image")
    (tmp_path / "a.csv").write_text("text\n \n")
    with pytest.raises(DataError, match=r"no usable text[\s\S]*set aside: .*row 1"):
        read_outputs(str(tmp_path / "a.csv"), "text")
    (tmp_path / "1.png").write_bytes(b"torn")
    with pytest.raises(DataError, match=r"no usable image[\s\S]*1\.png"):
        read_outputs(str(tmp_path), "image")
