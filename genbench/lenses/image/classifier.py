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
from genbench.lenses.image._surface import ImageSurface, resize_float, stacked

ASIDE = 0.15  # share of the train split kept from training to count the annotator's own mistakes on


class Net(nn.Module):
    """Three convolutions, a pool to 2 x 2, and a hidden layer whose values are the features."""

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
        return F.relu(self.hidden(self.convolutions(x)))

    def forward(self, x: Tensor) -> Tensor:  # [n c h w] -> [n classes]
        logits: Tensor = self.classes(self.embed(x))
        return logits


@lens(modality="image", cites=["Naeem et al. 2020, arXiv:2002.09797, on embeddings from outside ImageNet's domain"])
class Classifier(ImageSurface):
    """Hidden values of a small classifier trained on the train split's labels; it annotates, its mistakes counted.

    side: images are resized to side x side. The confusion matrix comes from a part of the train split that it was not
    trained on, so held-out items stay unseen by lens and model alike.
    """

    def __init__(self, *, side: int = 32, hidden: int = 64, steps: int = 500) -> None:
        self.side, self.hidden, self.steps = side, hidden, steps
        self.names: tuple[str, ...] = ()
        self.confusion = np.zeros((0, 0), np.int64)
        self.net: Net | None = None

    def learn(self, data: Dataset, seed: int) -> None:
        """Trains with Adam on cross-entropy. `NotApplicable` where the data has no groups to learn from."""
        if data.groups is None:
            raise NotApplicable(
                f"the lens image.classifier learns from labels, and {data.name!r} has none: "
                "put the images in one folder per class, or choose the lens image.pixels"
            )
        self.names = data.groups.names
        x, y = torch.from_numpy(self._tensor(data.take("train"))), torch.from_numpy(data.labels("train")).long()
        order = torch.from_numpy(stream(seed, "aside").permutation(len(x)))
        aside, kept = order[: int(ASIDE * len(x))], order[int(ASIDE * len(x)) :]
        torch.manual_seed(derive(seed, "classifier"))
        self.net = Net(x.shape[1], len(self.names), self.hidden)
        optimizer = torch.optim.AdamW(self.net.parameters(), lr=2e-3, weight_decay=1e-2)
        rng = stream(seed, "batches")
        for step in range(self.steps):
            optimizer.param_groups[0]["lr"] = 2e-3 * (1 - step / self.steps)
            batch = kept[torch.from_numpy(rng.integers(0, len(kept), size=min(128, len(kept))))]
            optimizer.zero_grad()
            F.cross_entropy(self.net(x[batch]), y[batch]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        said = self._said(x[aside])
        k = len(self.names)
        self.confusion = np.bincount(y[aside].numpy() * k + said, minlength=k * k).reshape(k, k)

    def features(self, items: Sequence[Item]) -> Float[np.ndarray, "n d"]:
        net = self._trained()
        with torch.inference_mode():
            return net.embed(torch.from_numpy(self._tensor(items))).numpy().astype(np.float64)

    def annotate(self, items: Sequence[Item]) -> Annotations:
        """The class it sees in each item, with its confusion on real items it has not seen."""
        x = torch.from_numpy(self._tensor(items))
        said = np.concatenate([self._said(part) for part in torch.split(x, 512)])
        return Annotations(said, self.names, self.confusion)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays = {name: tensor.numpy() for name, tensor in self._trained().state_dict().items()}
        return {**arrays, "confusion": self.confusion}, {"names": list(self.names)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        self.names = tuple(meta["names"])
        self.confusion = np.asarray(arrays["confusion"])
        channels = arrays["convolutions.0.weight"].shape[1]
        self.net = Net(channels, len(self.names), self.hidden)
        weights = {name: torch.from_numpy(np.array(a)) for name, a in arrays.items() if name != "confusion"}
        self.net.load_state_dict(weights)
        self.net.eval()

    def _trained(self) -> Net:
        if self.net is None:
            raise LensError("image.classifier has not learned yet: call learn(data, seed) or restore(...)")
        return self.net.eval()

    def _said(self, x: Tensor) -> np.ndarray:
        with torch.inference_mode():
            said: np.ndarray = self._trained()(x).argmax(dim=1).numpy()
        return said

    def _tensor(self, items: Sequence[Item]) -> np.ndarray:
        """float32 [n c side' side'] in [0, 1]; images up to `side` keep their size."""
        arrays = [np.asarray(item) for item in items]
        if max(arrays[0].shape[:2]) <= self.side and len({a.shape for a in arrays}) == 1:
            return stacked(arrays)
        return stacked([resize_float(a, self.side) for a in arrays])
