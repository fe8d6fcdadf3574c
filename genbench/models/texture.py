"""Patterns by image quilting (Efros and Freeman 2001, SIGGRAPH, doi:10.1145/383259.383296)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.lib.stride_tricks import sliding_window_view

from genbench.core.chance import stream
from genbench.core.data import Dataset, Item
from genbench.core.errors import ModelError
from genbench.core.model import History, Tick, Training, family
from genbench.models._tensors import to_tensor

TOLERANCE = 0.1  # a block may fit that much worse than the best one (section 2.1)
CANDIDATES = 6000  # blocks a sample chooses from, at most; drawn at random where its sources have more


@family(
    modality="image",
    cites=["Efros and Freeman 2001, doi:10.1145/383259.383296 (image quilting)"],
    presets={"tiny": {"kept": 256}, "base": {"kept": 4096}},
)
class Texture:
    """Image quilting: a new swatch of a pattern, sewn of overlapping blocks of training images.

    From the top left on, each block is drawn among those whose squared difference to what already lies there is within
    a tenth of the least, and is sewn on along the path of least difference. A sample has `sources` training images of
    one group, drawn by its seed. tileable: it also fits itself beyond its edges, so that copies side by side show no
    seam. block: side in pixels, larger than what repeats; 0 is a third of the image. Nothing is optimized, and nothing
    forgotten: every pixel is that of a training image, and near-copies of parts are its way, not a fault of the fit.
    """

    def __init__(self, *, block: int = 0, sources: int = 1, tileable: bool = True, kept: int = 256) -> None:
        if block < 0 or block in (1, 2) or sources < 1 or kept < 1:
            raise ModelError(
                f"texture: block is 0 or at least 3, sources and kept at least 1, got {block}, {sources} and {kept}"
            )
        self.block, self.sources, self.tileable, self.kept = block, sources, tileable, kept
        self.images: np.ndarray | None = None  # [n h w c] uint8
        self.labels = np.empty(0, dtype=np.int64)  # group of each; all 0 where there are none

    def fit(self, data: Dataset, training: Training) -> History:
        """Keeps the first `kept` training images."""
        items = data.take("train", self.kept)
        to_tensor(items, "texture")  # says what is wrong with items that are no images of one shape
        self.images = np.stack([np.asarray(item) for item in items])
        if min(self.images.shape[1:3]) < 6:
            raise ModelError(f"texture: images of 6 pixels or more are sewn of blocks, got {self.images.shape[1:3]}")
        self.labels = np.zeros(len(items), dtype=np.int64)
        if data.groups is not None:
            self.labels = data.labels("train", self.kept).astype(np.int64)
        training.tell(Tick(1, 1))
        return History((Tick(1, 1),), f"{len(items)} images kept; nothing is optimized")

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return [self._sewn(seed) for seed in seeds]

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        return {"images": self._fitted(), "labels": self.labels}, {}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        self.images, self.labels = np.array(arrays["images"]), np.array(arrays["labels"])

    def _sewn(self, seed: int) -> np.ndarray:
        images, rng = self._fitted(), stream(seed, "texture")
        first = int(rng.integers(len(images)))
        alike = np.flatnonzero(self.labels == self.labels[first])
        others = rng.permutation(alike[alike != first])[: self.sources - 1]
        height, width = images.shape[1:3]
        block = min(self.block or max(4, min(height, width) // 3), min(height, width) // 2)
        blocks = _blocks(images[[first, *others]], block, rng)
        return sewn(blocks, Lattice(height, width, block, self.tileable), rng)

    def _fitted(self) -> np.ndarray:
        assert self.images is not None, "fit or restore the texture first"
        return self.images


@dataclass(frozen=True)
class Lattice:
    """Where blocks of side `block` lie on a canvas; tileable: the last ones reach round to the first."""

    height: int
    width: int
    block: int
    tileable: bool

    def starts(self, length: int) -> list[int]:
        """Positions along a side: neighbours overlap by a quarter of a block, the paper's sixth at least, or more."""
        overlap = max(2, self.block // 4)
        free = self.block - overlap
        if self.tileable:
            n = -(-length // free)
            return [i * length // n for i in range(n)]
        n = 1 + -(-(length - self.block) // free)
        return [round(i * (length - self.block) / (n - 1)) for i in range(n)] if n > 1 else [0]


def _blocks(images: np.ndarray, block: int, rng: np.random.Generator) -> Float[np.ndarray, "k b b c"]:
    """Blocks of these images [n h w c], all or CANDIDATES of them."""
    windows = sliding_window_view(images, (block, block), axis=(1, 2))  # [n h-b+1 w-b+1 c b b]
    n, rows, columns = windows.shape[:3]
    chosen = np.arange(n * rows * columns)
    if len(chosen) > CANDIDATES:
        chosen = rng.choice(len(chosen), CANDIDATES, replace=False)
    picked = windows[np.unravel_index(chosen, (n, rows, columns))]  # [k c b b]
    found: np.ndarray = picked.transpose(0, 2, 3, 1).astype(np.float32)
    return found


def sewn(blocks: Float[np.ndarray, "k b b c"], lattice: Lattice, rng: np.random.Generator) -> np.ndarray:
    """A canvas uint8 [h w c] of overlapping blocks, sewn row by row."""
    b, height, width = lattice.block, lattice.height, lattice.width
    canvas = np.zeros((height, width, blocks.shape[3]), dtype=np.float32)
    laid = np.zeros((height, width), dtype=bool)
    squares = np.square(blocks).sum(axis=3).reshape(len(blocks), -1)  # [k b*b]
    flat = blocks.reshape(len(blocks), -1)  # [k b*b*c]
    for top in lattice.starts(height):
        for left in lattice.starts(width):
            where = np.ix_(np.arange(top, top + b) % height, np.arange(left, left + b) % width)
            there, known = canvas[where], laid[where]  # [b b c], [b b]
            seen = np.where(known[:, :, None], there, 0)
            # |block - there|^2 over what is laid, without what all blocks share
            misfit = squares @ known.ravel().astype(np.float32) - 2 * (flat @ seen.ravel())
            misfit = np.maximum(misfit + np.square(seen).sum(), 0)
            # squares cancel to about a millionth: a block that fits exactly may not read 0
            fitting = np.flatnonzero(misfit <= (1 + TOLERANCE) * misfit.min() + 1e-5 * squares.max())
            new = blocks[rng.choice(fitting)]
            mine = covers(np.square(new - there).sum(axis=2), known)
            canvas[where] = np.where(mine[:, :, None], new, there)
            laid[where] = True
    whole: np.ndarray = np.rint(canvas).astype(np.uint8)
    return whole


def covers(difference: Float[np.ndarray, "b b"], known: Bool[np.ndarray, "b b"]) -> Bool[np.ndarray, "b b"]:
    """Where the new block shows: all that is bare, and beyond the least-difference path through each overlap.

    An overlap is the laid part along one edge, as far in as it lies there on the whole edge.
    """
    mine = np.ones_like(known)
    for turn in range(4):  # each edge in turn becomes the left one
        turned, error = np.rot90(known, turn), np.rot90(difference, turn)
        depth = int(np.argmin(turned.all(axis=0))) if not turned.all() else turned.shape[1] // 2
        if depth:
            kept = np.arange(turned.shape[1])[None] < cut(error[:, :depth])[:, None]
            mine &= ~np.rot90(kept, -turn)
    shown: np.ndarray = mine | ~known
    return shown


def cut(difference: Float[np.ndarray, "b w"]) -> Int[np.ndarray, " b"]:
    """The column in each row at which a path from top to bottom has the least sum; neighbours differ by one at most."""
    rows, columns = difference.shape
    total = np.array(difference, dtype=np.float64)  # least sum of a path that ends here
    for i in range(1, rows):
        edged = np.pad(total[i - 1], 1, constant_values=np.inf)
        total[i] += np.minimum(np.minimum(edged[:-2], edged[1:-1]), edged[2:])
    path = np.empty(rows, dtype=np.int64)
    path[-1] = int(total[-1].argmin())
    for i in range(rows - 2, -1, -1):
        low = max(0, path[i + 1] - 1)
        path[i] = low + int(total[i, low : min(columns, path[i + 1] + 2)].argmin())
    return path
