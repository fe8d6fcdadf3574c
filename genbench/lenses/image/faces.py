"""Whether an image shows a face, by a face detector in ONNX format: YuNet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image

from genbench.core.data import Dataset, Item
from genbench.core.digest import tree_digest
from genbench.core.errors import LensError, MissingExtra
from genbench.core.evidence import Annotations
from genbench.core.lens import lens
from genbench.core.places import File
from genbench.lenses.image._surface import ImageSurface, image_array

NAMES = ("no face", "face")
STRIDES = (8, 16, 32)
SIDE = 320  # pixels: images are brought to fit a square of this side, where the network knows faces from 10 to 300


@lens(modality="image", cites=["Wu et al. 2023, doi:10.1007/s11633-023-1423-y (YuNet)"])
class Faces(ImageSurface):
    """Face or no face: whether YuNet's best score anywhere, sqrt(class times objectness), reaches `least`.

    path: the detector's .onnx file, with the outputs cls_8 ... obj_32 (yunet_n). least: 0.6 finds most faces that are
    turned or small; 0.9 few but frontal ones. Images are enlarged or reduced to fit 320 pixels, unrounded, their
    sides kept in proportion and the rest left black. It embeds nothing: name it for single probes.
    Where the data has groups named "face" and "no face", the detector's own mistakes are counted on its reserve split;
    otherwise its labels count as true, and a report says so.
    """

    def __init__(self, *, path: File, least: float = 0.6) -> None:
        if not 0 < least < 1:
            raise LensError(f"image.faces: `least` lies between 0 and 1, got {least}")
        self.path, self.least = str(Path(path).expanduser()), least
        self.confusion: np.ndarray | None = None
        self._session: Any = None

    def identity(self) -> str:
        """Digest of the file."""
        return tree_digest(Path(self.path)) if Path(self.path).exists() else self.path

    def learn(self, data: Dataset, seed: int) -> None:
        """Nothing is learned; mistakes are counted where labels tell them."""
        if data.groups is None or set(data.groups.names) != set(NAMES) or not len(data.indices("reserve")):
            return
        truth = np.array([NAMES.index(data.groups.names[int(label)]) for label in data.labels("reserve")])
        said = self.annotate(data.take("reserve")).labels
        self.confusion = np.bincount(2 * truth + said, minlength=4).reshape(2, 2)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return ({} if self.confusion is None else {"confusion": self.confusion}), {}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        self.confusion = np.asarray(arrays["confusion"]) if "confusion" in arrays else None

    def annotate(self, items: Sequence[Item]) -> Annotations:
        return Annotations((self.scores(items) >= self.least).astype(np.int64), NAMES, self.confusion)

    def scores(self, items: Sequence[Item]) -> Float[np.ndarray, " n"]:
        """[n]: the best score anywhere in each image, from 0 to 1."""
        session = self._detector()
        name = session.get_inputs()[0].name
        outputs = [f"{kind}_{stride}" for kind in ("cls", "obj") for stride in STRIDES]
        best = []
        for item in items:
            found = session.run(outputs, {name: _input(image_array(item))})
            levels = [np.clip(c, 0, 1) * np.clip(o, 0, 1) for c, o in zip(found[:3], found[3:], strict=True)]
            best.append(max(float(np.sqrt(level).max()) for level in levels))
        return np.array(best)

    def _detector(self) -> Any:
        if self._session is None:
            try:
                import onnxruntime
            except ImportError as error:
                raise MissingExtra("onnxruntime", "faces") from error
            if not Path(self.path).is_file():
                raise LensError(f"image.faces: no file at {self.path!r}; it wants YuNet's .onnx file")
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1  # the same order of sums, and so the same scores, on every machine
            try:
                session = onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])
            except Exception as error:  # its errors share no public class
                raise LensError(f"image.faces cannot read {self.path!r}: {error}") from error
            known = {output.name for output in session.get_outputs()}
            if lost := [f"{kind}_{s}" for kind in ("cls", "obj") for s in STRIDES if f"{kind}_{s}" not in known]:
                raise LensError(f"{self.path!r} is no YuNet: it has no output {lost[0]}; it has {sorted(known)[:6]}")
            self._session = session
        return self._session


def _input(pixels: np.ndarray) -> Float[np.ndarray, "1 3 s s"]:
    """Blue, green, red from 0 to 255, in the upper left corner of a black square."""
    height, width, channels = pixels.shape
    scale = SIDE / max(height, width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    colours = np.repeat(pixels, 3, axis=2) if channels == 1 else pixels
    square = np.zeros((1, 3, SIDE, SIDE), np.float32)
    for place, plane in enumerate(colours.transpose(2, 0, 1)[::-1]):
        sized = Image.fromarray(plane.astype(np.float32)).resize((size[1], size[0]), Image.Resampling.BICUBIC)
        square[0, place, : size[0], : size[1]] = np.clip(np.asarray(sized), 0, 255)
    return square
