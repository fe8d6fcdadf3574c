"""LPIPS: how different two images look to people, as the distance of weighted feature maps of VGG-16 or AlexNet."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from genbench.core.chance import stream
from genbench.core.data import Item
from genbench.core.digest import digest, named_or_tree_digest
from genbench.core.errors import LensError, suggestion
from genbench.core.lens import lens
from genbench.core.places import File
from genbench.lenses.image._perceptual import Perceptual, State, perceptual
from genbench.lenses.image._surface import ImageSurface, resized_to

CHUNK = 4  # images at a time, the last chunk filled up, so that features do not depend on the batch
SMALLEST = 32  # pixels a side, of which AlexNet's last map has one
NETWORK = "torchvision's vgg16-397923af.pth or alexnet-owt-7be5be79.pth, from download.pytorch.org/models"
HEADS = "weights/v0.1/vgg.pth or alex.pth of the package lpips, from github.com/richzhang/PerceptualSimilarity"


@lens(
    modality="image",
    cites=[
        "Zhang et al. 2018, arXiv:1801.03924 (LPIPS)",
        "Weinberger et al. 2009, arXiv:0902.2206 (sums of random signs keep distances)",
    ],
)
class Lpips(ImageSurface):
    """Features whose squared distance is LPIPS 0.1: sum_l mean_hw sum_c w_lc (a_lchw / |a_lhw| - b_lchw / |b_lhw|)^2.

    a, b: the maps after the last ReLU of five blocks; w: the heads, learned from people's judgements. So through this
    lens `quality.path_length` is that of its papers (VGG-16, side 256), and in `quality.diversity` the spread is that
    of the root of LPIPS.

    weights: file of the network, torchvision's VGG-16 or AlexNet. heads: file of the heads, of the same network. side:
    every image becomes side x side, as clean-fid resizes. sketch: numbers that are kept of an image. Its maps have
    499,712 at 64 x 64 with VGG-16; they are added up in `sketch` sums of random but fixed signs, which keeps every
    squared distance in expectation, and within sqrt(2 / sketch), 2.2 % at 4,096, as standard deviation; 0 keeps them
    all. In single precision, which measures a step of 1e-4 of a way to 4e-4. `LensError` where a file is missing or is
    no such file.
    """

    def __init__(self, *, weights: File, heads: File, side: int = 64, sketch: int = 4096) -> None:
        if side < SMALLEST or sketch < 0:
            raise LensError(
                f"image.lpips: side is {SMALLEST} pixels or more, and sketch a number of sums or 0; "
                f"got {side} and {sketch}"
            )
        self.weights, self.heads, self.side, self.sketch = weights, heads, side, sketch
        self.device = "cpu"
        self._net: Perceptual | None = None
        self._dealt: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}

    def place(self, device: str) -> None:
        """Where the network works; called before it is loaded."""
        self.device = device

    def identity(self) -> str:
        """Digest of both files."""
        return digest(*(named_or_tree_digest(str(Path(file).expanduser())) for file in (self.weights, self.heads)))

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        net = self._loaded()
        rows = np.stack([resized_to(item, self.side, self.side, 3) for item in items])
        x = torch.from_numpy(np.ascontiguousarray(rows.transpose(0, 3, 1, 2))).to(self.device)
        filled = F.pad(x, (0, 0, 0, 0, 0, 0, 0, -len(x) % CHUNK))
        # Float32 means float32 on a GPU too, whose convolutions would else round to 10 bits (TF32).
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=False):
            seen = [self._kept(net.maps(part)).cpu() for part in torch.split(filled, CHUNK)]
        return torch.cat(seen)[: len(x)].double().numpy()

    def _kept(self, maps: list[Tensor]) -> Tensor:
        """[n c*h*w] of each block -> [n d]: side by side, or their sketches added up."""
        if not self.sketch or sum(of.shape[1] for of in maps) <= self.sketch:
            return torch.cat(maps, dim=1)
        return torch.stack([self._sums(i, of) for i, of in enumerate(maps)]).sum(dim=0)

    def _sums(self, block: int, x: Tensor) -> Tensor:
        """[n m] -> [n sketch]: each coordinate with a random sign in one of the sums, as many in each."""
        m = x.shape[1] + -x.shape[1] % self.sketch
        if (block, m) not in self._dealt:
            rng = stream(0, "lpips sketch", block, m)
            dealt = (
                torch.from_numpy(rng.permutation(m)),
                torch.from_numpy(rng.choice([-1.0, 1.0], m).astype(np.float32)),
            )
            self._dealt[block, m] = dealt[0].to(self.device), dealt[1].to(self.device)
        order, signs = self._dealt[block, m]
        mixed: Tensor = F.pad(x, (0, m - x.shape[1]))[:, order] * signs
        return mixed.view(len(x), -1, self.sketch).sum(dim=1)  # [n m/sketch sketch] -> [n sketch]

    def _loaded(self) -> Perceptual:
        if self._net is None:
            network, heads = _read(self.weights, "weights", NETWORK), _read(self.heads, "heads", HEADS)
            try:
                self._net = perceptual(network, heads).to(self.device)
            except LensError as error:
                raise LensError(f"image.lpips, {self.weights} and {self.heads}: {error}") from error
        return self._net


def _read(file: str, setting: str, wanted: str) -> State:
    path = Path(file).expanduser()
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*.pt*"))
        raise LensError(
            f"image.lpips: no file {file!r} as `{setting}`{suggestion(path.name, beside)}; wanted: {wanted}"
        )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise LensError(
            f"image.lpips: {file} is no file of plain tensors: {_first_line(error)}; wanted: {wanted}"
        ) from error
    if not isinstance(state, dict) or not all(isinstance(k, str) and isinstance(v, Tensor) for k, v in state.items()):
        raise LensError(f"image.lpips: {file} holds no state dict; wanted: {wanted}")
    return state


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
