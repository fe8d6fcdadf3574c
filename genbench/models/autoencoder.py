"""Regularized autoencoder with a Gaussian mixture fitted in its latent space (Ghosh et al. 2020, arXiv:1903.12436)."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn

from genbench.core.chance import derive
from genbench.core.data import Dataset, Item
from genbench.core.model import History, Tick, Training, family
from genbench.models._encoding import ReadsLatents
from genbench.models._pyramid import Down, Up
from genbench.models._tensors import arrays_of, batches, load_arrays, near, noise, to_items, to_tensor
from genbench.models._ways import FollowsArcs

RATE = 2e-3


class Net(nn.Module):
    """Encoder x -> z, decoder z -> x, and the mixture sum_k w_k N(m_k, L_k L_k^T) that says which z are likely."""

    def __init__(self, shape: tuple[int, int, int], breadth: int, latent: int, components: int) -> None:
        super().__init__()
        self.encode, self.decode = Down(shape, breadth, latent), Up(shape, breadth, latent)
        self.weights: Tensor
        self.means: Tensor
        self.factors: Tensor
        self.register_buffer("weights", torch.full((components,), 1 / components))
        self.register_buffer("means", torch.zeros(components, latent))
        self.register_buffer("factors", torch.eye(latent).repeat(components, 1, 1))

    def reconstruction_error(self, x: Tensor) -> Tensor:
        """Mean squared error [n] of the pixels, in [0, 1]."""
        errors: Tensor = (self.decode(self.encode(x)) - x).square().flatten(1).mean(1)
        return errors

    def draw(self, e: Tensor) -> Tensor:
        """Standard normal e [n 1+latent] -> z [n latent] of the mixture; the first coordinate chooses the component.

        Component k is taken where Phi(e_0) falls between the k-th sums of the weights: moving e a little keeps
        most items in their component, and moved noise that is standard normal again draws from the mixture again.
        """
        chosen = torch.searchsorted(self.weights.cumsum(0), torch.special.ndtr(e[:, 0].contiguous()))
        chosen = chosen.clamp(max=len(self.weights) - 1)  # the weights' sum may round to less than 1
        z: Tensor = self.means[chosen] + torch.einsum("nij,nj->ni", self.factors[chosen], e[:, 1:])
        return z


@family(
    modality="image",
    cites=["Ghosh et al. 2020, arXiv:1903.12436 (RAE-L2 with ex-post density estimation)"],
    presets={
        "tiny": {"breadth": 32, "latent": 16, "components": 10, "steps": 3000},
        "base": {"breadth": 64, "latent": 64, "components": 20, "steps": 30_000},
    },
)
class Autoencoder(FollowsArcs, ReadsLatents):
    """Small convolutional autoencoder, made a generator by a Gaussian mixture over its codes; trained here.

    Loss: |x - D(E(x))|^2 / d + pull |E(x)|^2 / latent, with weight decay on the decoder, so that codes stay near
    each other and what lies between them decodes well. Then expectation maximization fits the mixture to the codes
    of the training items; a sample is D(z), z from the mixture. Its latents are the 1 + d normal numbers that z is
    drawn with. On the way from one to another the component changes at once, where the first number passes a border: a
    leap that a path length, which looks at single places, may miss, and a detour shows.
    """

    def __init__(
        self, *, breadth: int = 32, latent: int = 16, components: int = 10, steps: int = 3000, batch: int = 64,
        pull: float = 1e-3,
    ) -> None:  # fmt: skip
        self.breadth, self.latent, self.components = breadth, latent, components
        self.steps, self.batch, self.pull = steps, batch, pull
        self.device = "cpu"
        self.net: Net | None = None

    def fit(self, data: Dataset, training: Training) -> History:
        """Adam on the loss, the weights with the best held-out reconstruction are kept; then the mixture."""
        x, held_out = to_tensor(data.take("train"), "autoencoder"), to_tensor(data.take("held_out", 512), "autoencoder")
        torch.manual_seed(derive(training.seed, "autoencoder"))
        shape, components = (x.shape[1], x.shape[2], x.shape[3]), min(self.components, len(x))
        net = self.net = Net(shape, self.breadth, self.latent, components).to(self.device)
        groups: list[dict[str, Any]] = [
            {"params": net.encode.parameters()},
            {"params": net.decode.parameters(), "weight_decay": 1e-6},
        ]
        optimizer = torch.optim.Adam(groups, lr=RATE)
        best, kept, ticks = float("inf"), copy.deepcopy(net.state_dict()), []
        every = max(1, self.steps // 20)
        for step, index in enumerate(batches(len(x), self.batch, self.steps, training.seed), start=1):
            for group in optimizer.param_groups:
                group["lr"] = RATE * min(1.0, 2.0 * (1 - step / (self.steps + 1)))
            real = x[index].to(self.device)
            z = net.encode(real)
            error = (net.decode(z) - real).square().mean()
            optimizer.zero_grad()
            (error + self.pull * z.square().mean()).backward()
            optimizer.step()
            if step % every == 0 or step == self.steps:
                with torch.no_grad():
                    outside = net.reconstruction_error(held_out.to(self.device)).mean().item()
                if outside < best:
                    best, kept = outside, copy.deepcopy(net.state_dict())
                ticks.append(Tick(step, self.steps, {"train": error.item(), "held_out": outside}))
                training.tell(ticks[-1])
        net.load_state_dict(kept)
        ended = self._mix(x, derive(training.seed, "mixture") % 2**32)
        return History(tuple(ticks), f"all steps done; the best held-out reconstruction was kept; {ended}")

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        return self._decoded(noise(seeds, 1 + self.latent))

    def sample_near(self, seeds: Sequence[int], strength: float) -> Sequence[Item]:
        return self._decoded(near(seeds, strength, 1 + self.latent))

    def loss_and_grad(
        self, x: Float[np.ndarray, "n ..."]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n ..."]]:
        """Mean squared error of reconstruction and its gradient; x is [n c h w] in [0, 1]."""
        inputs = torch.from_numpy(np.asarray(x, np.float32)).to(self.device).requires_grad_(True)
        losses = self._fitted().reconstruction_error(inputs)
        (gradient,) = torch.autograd.grad(losses.sum(), inputs)
        return losses.detach().cpu().double().numpy(), gradient.cpu().double().numpy()

    def reproduce(self, items: Sequence[Item]) -> Sequence[Item]:
        """Each item encoded and decoded."""
        net = self._fitted()
        x = to_tensor(items, "autoencoder", net.decode.shape).to(self.device)
        with torch.inference_mode():
            return to_items(net.decode(net.encode(x)))

    def reproduction(self) -> str:
        return "encoded and decoded"

    def place(self, device: str) -> None:
        self.device = device
        if self.net is not None:
            self.net.to(device)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        net = self._fitted()
        return arrays_of(net), {"shape": list(net.decode.shape), "components": len(net.weights)}

    def restore(self, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        channels, height, width = meta["shape"]
        self.net = Net((channels, height, width), self.breadth, self.latent, meta["components"])
        load_arrays(self.net, arrays)
        self.net.to(self.device)

    def _mix(self, x: Tensor, seed: int) -> str:
        """Fits the mixture to the codes of x [n c h w]; says how that ended."""
        net = self._fitted()
        with torch.inference_mode():
            codes = torch.cat([net.encode(some.to(self.device)).cpu() for some in torch.split(x, 512)]).double().numpy()
        # a floor under the variances, in proportion to the codes': a component of few items must not become a point
        floor = 1e-3 * float(codes.var(axis=0).mean()) + 1e-12
        mixture = GaussianMixture(len(net.weights), reg_covar=floor, max_iter=300, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # said in what is returned
            mixture.fit(codes)
        factors = np.linalg.cholesky(mixture.covariances_)
        for buffer, array in ((net.weights, mixture.weights_), (net.means, mixture.means_), (net.factors, factors)):
            buffer.copy_(torch.from_numpy(array))
        rounds = f"in {mixture.n_iter_} rounds"
        return f"the mixture {'converged' if mixture.converged_ else 'had not converged'} {rounds}"

    def _decoded(self, e: Tensor) -> list[np.ndarray]:
        with torch.inference_mode():
            return to_items(self._drawn(e.to(self.device)))

    def _read(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The code, and nothing beside it."""
        z = self._fitted().encode(x)
        return z, torch.zeros_like(z)

    def _latent_shape(self) -> tuple[int, ...]:
        return (1 + self.latent,)

    def _drawn(self, z: Tensor) -> Tensor:
        x: Tensor = self._fitted().decode(self._fitted().draw(z))
        return x

    def _fitted(self) -> Net:
        assert self.net is not None, "fit or restore the autoencoder first"
        return self.net
