"""GenBench's side of the comparison."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from benchmarks.speed.inputs import features, images, jpeg_folder
from benchmarks.speed.worker import Facts, Run, serve


def embed(weights: str, n: int, precision: str, expected: str = "") -> Run:
    """The network of the lens, as its `embedded` runs it, on images of its own size; its error against a peer's."""
    lens, pixels = _lens(weights, precision), images(n)
    rows = list(pixels.transpose(0, 2, 3, 1).astype(np.float32))

    def run() -> Facts:
        made = lens.embedded(rows)
        if not expected:
            return {}
        theirs = np.load(expected)
        return {"feature_error": float(np.linalg.norm(made - theirs) / np.linalg.norm(theirs))}

    return run


def _lens(weights: str, precision: str = "float32"):  # type: ignore[no-untyped-def]
    import torch

    from genbench.lenses.image.inception import Inception, network

    lens = Inception(weights=weights, precision=precision)  # type: ignore[arg-type]
    lens._net = network(torch.load(weights, weights_only=True))  # random weights, which the lens itself refuses
    return lens


@functools.cache
def _moments(n: int, d: int) -> list[tuple[np.ndarray, np.ndarray]]:
    found = []
    for shift, seed in ((0.0, 2), (0.05, 3)):
        x = features(n, d, shift, seed)
        found.append((x.mean(axis=0), np.cov(x, rowvar=False)))
    return found


def frechet(n: int, d: int) -> Run:
    """From means and covariances, as the peers get them."""
    from genbench.stats.moments import gaussian_distance

    a, b = _moments(n, d)
    return lambda: {"value": gaussian_distance(*a, *b)}


def frechet_rows(n: int, d: int) -> Run:
    """From the rows, which give the bias and the standard error as well."""
    from genbench.stats.frechet import frechet as of_rows

    x, y = (features(n, d, shift, seed) for shift, seed in ((0.0, 2), (0.05, 3)))

    def run() -> Facts:
        found = of_rows(x, y)
        return {"value": found.value}

    return run


def prdc(n: int, d: int, k: int) -> Run:
    from genbench.stats.prdc import prdc as of_rows

    x, y = (features(n, d, shift, seed).astype(np.float32) for shift, seed in ((0.0, 2), (0.002, 3)))
    return lambda: of_rows(x, y, k)


def folder(weights: str, root: str, n: int, side: int) -> Run:
    import genbench.run.statistics as statistics

    lens, where = _lens(weights), jpeg_folder(Path(root), n, side)
    statistics._built = lambda *_: lens  # the lens with our random weights in the place of the published ones

    def run() -> Facts:
        made = statistics.folder_statistics(where, "image.inception", {"weights": weights})
        return {"trace": float(np.trace(made.moments.covariance))}

    return run


def gpu(weights: str, n: int) -> Run:
    """Images a second through the lens against the same network on a batch that lies on the GPU already."""
    import time

    import torch

    lens = _lens(weights)
    lens.place("cuda")
    rows = list(images(n).transpose(0, 2, 3, 1).astype(np.float32))
    resident = (torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).cuda() - 128) / 128
    net = lens._folded()

    def run() -> Facts:
        net(resident)
        torch.cuda.synchronize()
        start = time.perf_counter()
        net(resident)
        torch.cuda.synchronize()
        alone = time.perf_counter() - start
        start = time.perf_counter()
        lens.embedded(rows)
        return {"share": alone / (time.perf_counter() - start)}

    return run


if __name__ == "__main__":
    serve({
        "embed": embed, "frechet": frechet, "frechet_rows": frechet_rows, "prdc": prdc, "folder": folder, "gpu": gpu,
    })  # fmt: skip
