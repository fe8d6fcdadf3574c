"""A small classifier trained on the data's own labels: the lens for data no public network has seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from genbench.core.chance import derive, stream
from genbench.core.data import Dataset, Item
from genbench.core.errors import LensError, NotApplicable
from genbench.core.evidence import Annotations
from genbench.core.lens import lens
from genbench.lenses.image._surface import ImageSurface, resized_to

ASIDE = 0.15  # share of the train split kept from training to count the annotator's own mistakes on


class Net(nn.Module):
    """Three convolutions, a pool to 2 x 2, and a hidden layer whose values, brought to one scale, are the features.

    Layer normalization without weights: each item's features have mean 0 and variance 1, so that no single outlier
    rules a covariance or a cubic kernel, and a distance means the same whatever the network's own scale.
    """

    def __init__(self, channels: int, classes: int, features: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(channels, 32, 3, padding=1), nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(64, 64, 3, stride=2, padding=1), nn.ReLU(),
            nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        )  # fmt: skip
        self.hidden = nn.Linear(256, features)
        self.classes = nn.Linear(features, classes)

    def embed(self, x: Tensor) -> Tensor:  # [n c h w] -> [n features]
        hidden: Tensor = self.hidden(self.convolutions(x))
        return F.layer_norm(hidden, hidden.shape[1:])

    def forward(self, x: Tensor) -> Tensor:  # [n c h w] -> [n classes]
        logits: Tensor = self.classes(F.relu(self.embed(x)))
        return logits


@lens(modality="image", cites=["Naeem et al. 2020, arXiv:2002.09797, on embeddings from outside ImageNet's domain"])
class Classifier(ImageSurface):
    """Hidden values of a small classifier trained on the train split's labels; it annotates, its mistakes counted.

    side: images that are larger, or not of one size, become side x side. The confusion matrix comes from the reserve
    split, or, where there is none, from a part of the train split kept from training: held-out items stay unseen by
    lens and model alike, so what a probe finds on them is not flattered by the lens.
    """

    def __init__(self, *, side: int = 32, hidden: int = 64, steps: int = 500) -> None:
        self.side, self.hidden, self.steps = side, hidden, steps
        self.names: tuple[str, ...] = ()
        self.shape = (0, 0, 0)  # height, width, channels that every image is brought to
        self.confusion = np.zeros((0, 0), np.int64)
        self.net: Net | None = None

    def learn(self, data: Dataset, seed: int) -> None:
        """Trains with AdamW on cross-entropy. `NotApplicable` where the data has no groups to learn from."""
        if data.groups is None:
            raise NotApplicable(
                f"the lens image.classifier learns from labels, and {data.name!r} has none: "
                "put the images in one folder per class, or choose the lens image.pixels"
            )
        train, labels = data.take("train"), data.labels("train").astype(np.int64)
        self.names, self.shape = data.groups.names, self._common_shape(train)
        x, y = torch.from_numpy(self._tensor(train)), torch.from_numpy(labels)
        kept = np.arange(len(labels))
        if len(data.indices("reserve")):
            judged, truth = torch.from_numpy(self._tensor(data.take("reserve"))), data.labels("reserve")
        else:
            aside, kept = set_aside(labels, stream(seed, "aside"))
            judged, truth = x[torch.from_numpy(aside)], labels[aside]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(seed, "classifier"))
            self.net = Net(self.shape[2], len(self.names), self.hidden)
        optimizer = torch.optim.AdamW(self.net.parameters(), lr=2e-3, weight_decay=1e-2)
        rng = stream(seed, "batches")
        for step in range(self.steps):
            optimizer.param_groups[0]["lr"] = 2e-3 * (1 - step / self.steps)
            batch = torch.from_numpy(kept[rng.integers(0, len(kept), size=min(128, len(kept)))])
            optimizer.zero_grad()
            F.cross_entropy(self.net(x[batch]), y[batch]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        k = len(self.names)
        said = self._logits(judged).argmax(dim=1).numpy()
        self.confusion = np.bincount(truth * k + said, minlength=k * k).reshape(k, k)

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        net = self._trained()
        with torch.inference_mode():
            return net.embed(torch.from_numpy(self._tensor(items))).numpy().astype(np.float64)

    def annotate(self, items: Sequence[Item]) -> Annotations:
        """The class it sees in each item, its probabilities, and its confusion on real items it has not seen."""
        logits = self._logits(torch.from_numpy(self._tensor(items)))
        p = torch.softmax(logits.double(), dim=1).numpy()
        return Annotations(logits.argmax(dim=1).numpy(), self.names, self.confusion, probabilities=p)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        weights = {name: tensor.numpy() for name, tensor in self._trained().state_dict().items()}
        return {**weights, "confusion": self.confusion}, {"names": list(self.names), "shape": list(self.shape)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        self.names, (height, width, channels) = tuple(meta["names"]), meta["shape"]
        self.shape = (height, width, channels)
        self.confusion = np.asarray(arrays["confusion"])
        self.net = Net(channels, len(self.names), self.hidden)
        weights = {name: torch.from_numpy(np.array(a)) for name, a in arrays.items() if name != "confusion"}
        self.net.load_state_dict(weights)

    def _trained(self) -> Net:
        if self.net is None:
            raise LensError("image.classifier has not learned yet: call learn(data, seed) or restore(...)")
        return self.net.eval()

    def _logits(self, x: Tensor) -> Tensor:  # [n c h w] -> [n classes]
        with torch.inference_mode():
            return torch.cat([self._trained()(part) for part in torch.split(x, 512)])

    def _common_shape(self, train: Sequence[Item]) -> tuple[int, int, int]:
        """The images' own shape where they share one of up to `side`, else side x side; colour if any has it."""
        shapes = {np.shape(item) for item in train}
        height, width, _ = next(iter(shapes))
        if len({shape[:2] for shape in shapes}) > 1 or max(height, width) > self.side:
            height = width = self.side
        return height, width, max(shape[2] for shape in shapes)

    def _tensor(self, items: Sequence[Item]) -> np.ndarray:
        """float32 [n c h w] in [0, 1], each image brought to `shape` alone, whatever its neighbours are."""
        rows = np.stack([resized_to(item, *self.shape) for item in items]) / np.float32(255)
        return np.ascontiguousarray(rows.transpose(0, 3, 1, 2))


def set_aside(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(aside, kept): indices of about ASIDE of each class, at least one where a class has two; and the others."""
    aside: list[np.ndarray] = []
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        aside.append(members[: min(len(members) - 1, max(1, round(ASIDE * len(members))))])
    chosen = np.concatenate(aside)
    return chosen, np.setdiff1d(np.arange(len(labels)), chosen)
