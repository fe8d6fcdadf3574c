"""Real items against real items, saved in another format: a file's format is no property of a model."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from genbench.core.data import Dataset, Item
from genbench.core.evidence import Features
from genbench.data._encoders import repeatable
from genbench.data._images import EncodedLike
from genbench.data._sniff import Outputs, read_outputs
from genbench.data.digits import digits
from genbench.lenses.image.pixels import Pixels
from genbench.selftest.plant import Heard, Scene, Silent, Trial, plant

AUC = "misuse.detectability.auc"
QUALITY = 95  # of JPEG


@plant(
    doses=("PNG", "JPEG", "noise"),
    must_hear=(Heard(AUC, since="noise", how="above truth"),),
    must_stay_silent=(Silent(AUC, at=("PNG",), how="misses truth"), Silent(AUC, at=("JPEG",), how="misses truth")),
    trials=12,
    full=100,
)
def file_formats(dose: str, trial: Trial) -> Scene:
    """Digits that nobody trained on as outputs, saved in that format and read again; the real ones are lossless.

    As in a run, the probe sees the real ones saved like the outputs.
    noise: every pixel is drawn from all that occur, which is what a detector is for.
    """
    reals, held_out, train = (_shuffled(split, trial) for split in ("reserve", "held_out", "train"))
    outputs = _through_a_folder(reals, "jpg" if dose == "JPEG" else "png")
    made = outputs.items
    if dose == "noise":
        pixels = np.concatenate([item.reshape(-1) for item in reals])
        made = [trial.rng.choice(pixels, size=item.shape) for item in reals]
    sides: dict[str, Sequence[Item]] = {"generated": made, "held_out": held_out, "train": train}
    if encoders := repeatable(outputs.encoders):
        sides |= {role: EncodedLike(sides[role], encoders) for role in ("held_out", "train")}
    return Scene({role: (_features(items),) for role, items in sides.items()}, {AUC: 0.5})


@functools.cache
def _data() -> Dataset:
    return digits()


def _shuffled(split: str, trial: Trial) -> list[Item]:
    items = {"train": _data().take("train"), "held_out": _data().take("held_out"), "reserve": _data().take("reserve")}
    return [items[split][int(i)] for i in trial.rng.permutation(len(items[split]))[: trial.n]]


def _features(items: Sequence[Item]) -> Features:
    return Features(np.asarray(Pixels().features(items), np.float64))


def _through_a_folder(items: list[Item], suffix: str) -> Outputs:
    """The pictures as a run reads a user's folder of outputs in that format (`samples:`), for data like these."""
    with tempfile.TemporaryDirectory() as folder:
        for i, item in enumerate(items):
            picture = Image.fromarray(item[:, :, 0] if item.shape[2] == 1 else item)
            picture.save(Path(folder) / f"{i:05d}.{suffix}", quality=QUALITY)  # which PNG has no use for
        return read_outputs(folder, "image", items[0])
