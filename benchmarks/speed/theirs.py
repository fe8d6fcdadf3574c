"""The peers' side, run by the interpreter of benchmarks/.peers; it imports nothing of GenBench.

Each work is the peer's own code on given inputs. Their networks get our random weights, as the published file cannot
be had offline: torch-fidelity takes a path; pytorch-fid's loader of a URL is pointed at the file.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.inputs import features, images, jpeg_folder
from benchmarks.speed.worker import Facts, Run, serve


def _torch_fidelity(weights: str, layers: tuple[str, ...]) -> Any:
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    return FeatureExtractorInceptionV3("inception-v3-compat", list(layers), feature_extractor_weights_path=weights)


def _pytorch_fid(weights: str) -> Any:
    import pytorch_fid.inception as module
    import torch

    module.load_state_dict_from_url = lambda url, progress=True: torch.load(weights, weights_only=True)
    return module.InceptionV3([3]).eval()


def _clean_fid(weights: str) -> Any:
    """clean-fid's network is a TorchScript file that cannot be had offline: the same architecture, traced and frozen.

    Freezing folds the batch norms, which is as fast as such a file can be.
    """
    import torch

    net = _pytorch_fid(weights)
    blocks = torch.nn.Sequential(*net.blocks, torch.nn.Flatten())
    with torch.no_grad():
        return torch.jit.freeze(torch.jit.trace(blocks, torch.zeros(2, 3, 299, 299)).eval())


def _network(peer: str, weights: str) -> Callable[[Any], Any]:
    """uint8 [n 3 299 299] -> [n 2048], prepared by each as it does."""
    if peer == "torch-fidelity":
        net = _torch_fidelity(weights, ("2048",))
        return lambda x: net(x)[0]
    if peer == "pytorch-fid":
        net = _pytorch_fid(weights)
        return lambda x: net(x.float() / 255)[0].flatten(1)
    net = _clean_fid(weights)
    return lambda x: net((x.float() - 128) / 128)


def embed(peer: str, weights: str, n: int, keep: str = "") -> Run:
    import torch

    net = _network(peer, weights)
    x = torch.from_numpy(images(n))

    def run() -> Facts:
        with torch.no_grad():
            made = net(x)
        if keep:
            np.save(keep, made.numpy())
        return {}

    return run


def parity(weights: str, inputs: str, keep: str) -> Run:
    """torch-fidelity's features and logits of uint8 images [n 3 h w] in a file, and its distance of two halves."""
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    net = _torch_fidelity(weights, ("2048", "logits_unbiased"))

    def run() -> Facts:
        with torch.no_grad():
            made, logits = net(torch.from_numpy(np.load(inputs)))
        np.savez(keep, features=made.numpy(), logits=logits.numpy())
        half = len(made) // 2
        moments = [fid_features_to_statistics(part.double()) for part in (made[:half], made[half:])]
        return {"fid": fid_statistics_to_metric(*moments, False)["frechet_inception_distance"]}

    return run


@functools.cache
def _moments(n: int, d: int) -> list[dict[str, Any]]:
    found = []
    for shift, seed in ((0.0, 2), (0.05, 3)):
        x = features(n, d, shift, seed)
        found.append({"mu": x.mean(axis=0), "sigma": np.cov(x, rowvar=False)})
    return found


def frechet(peer: str, n: int, d: int) -> Run:
    a, b = _moments(n, d)

    def run() -> Facts:
        if peer == "torch-fidelity":
            from torch_fidelity.metric_fid import fid_statistics_to_metric

            return {"value": fid_statistics_to_metric(a, b, False)["frechet_inception_distance"]}
        from pytorch_fid.fid_score import calculate_frechet_distance

        return {"value": float(calculate_frechet_distance(a["mu"], a["sigma"], b["mu"], b["sigma"]))}

    return run


def frechet_rows(n: int, d: int) -> Run:
    """pytorch-fid's way from features: means, covariances, and scipy's root of their product."""
    from pytorch_fid.fid_score import calculate_frechet_distance

    x, y = (features(n, d, shift, seed) for shift, seed in ((0.0, 2), (0.05, 3)))

    def run() -> Facts:
        moments = [part for z in (x, y) for part in (np.mean(z, axis=0), np.cov(z, rowvar=False))]
        return {"value": float(calculate_frechet_distance(*moments))}

    return run


def prdc(n: int, d: int, k: int) -> Run:
    from prdc import compute_prdc

    x, y = (features(n, d, shift, seed).astype(np.float32) for shift, seed in ((0.0, 2), (0.002, 3)))
    return lambda: {name: float(value) for name, value in compute_prdc(x, y, k).items()}


def folder(weights: str, root: str, n: int, side: int, workers: int) -> Run:
    """clean-fid from a folder to mean and covariance, its own loader and resizer, batches of its default size."""
    import torch
    from cleanfid.fid import get_folder_features

    net, where = _clean_fid(weights), str(jpeg_folder(Path(root), n, side))

    def model(x: Any) -> Any:
        return net((x - 128) / 128)

    def run() -> Facts:
        made = get_folder_features(
            where, model, num_workers=workers, batch_size=128, device=torch.device("cpu"), mode="clean", verbose=False
        )
        sigma = np.cov(made, rowvar=False)
        return {"trace": float(np.trace(sigma))}

    return run


if __name__ == "__main__":
    serve({
        "embed": embed, "parity": parity, "frechet": frechet, "frechet_rows": frechet_rows, "prdc": prdc,
        "folder": folder,
    })  # fmt: skip
