"""What takes model and lens by turns: inputs spoiled, outputs marked, items reproduced, latents moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, eq=False)
class Aligned:
    """Outputs and the words they were asked for with, embedded in one space: row i of `t` asked for row i of `x`."""

    x: Float[np.ndarray, "n d"]
    t: Float[np.ndarray, "n d"]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Sweep:
    """Features of inputs that were spoiled in named ways at growing severities, and of what the model made of them.

    inputs / outputs: [c s n d], by name, severity and item. clean_inputs / clean_outputs: of the same items untouched.
    """

    inputs: Float[np.ndarray, "c s n d"]
    outputs: Float[np.ndarray, "c s n e"]
    clean_inputs: Float[np.ndarray, "n d"]
    clean_outputs: Float[np.ndarray, "n e"]
    names: tuple[str, ...]
    severities: tuple[int, ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.clean_outputs)


@dataclass(frozen=True, eq=False)
class Marked:
    """What the detector of an invisible mark says of items: standard normal where there is no mark.

    unmarked: [k n], items as they are, under k keys; the first is the key of the mark. marked: [n], after the lens has
    marked them. spoiled: [c s n], after they were then spoiled in named ways at growing severities. visible: [n], how
    far the mark moved each item, as root mean square in shares of the range of its values.
    """

    unmarked: Float[np.ndarray, "k n"]
    marked: Float[np.ndarray, " n"]
    spoiled: Float[np.ndarray, "c s n"]
    visible: Float[np.ndarray, " n"]
    names: tuple[str, ...]
    severities: tuple[int, ...]
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.marked)


@dataclass(frozen=True, eq=False)
class Remakes:
    """How far the model's own version of each item lies from it: errors [n], root mean squares in shares of the range.

    how: what was done to find that version, such as "encoded and decoded".
    """

    errors: Float[np.ndarray, " n"]
    how: str = ""
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.errors)


@dataclass(frozen=True, eq=False)
class Paths:
    """How fast outputs change on the way from one latent to another, as a lens sees them, by latent space; n ways.

    speeds: [2 n], |f(t + step) - f(t)|^2 / step^2 on way i, in features f of outputs that nobody rounded: row 0 at the
    beginning, t = 0, row 1 at a random t. legs: [n k], squared distances of features from one of k + 1 evenly spaced
    places to the next. ends: [n], of one end to the other. coarse: [c], row 1 of the first c ways once more, at ten
    times the step: as long where ways are smooth, shorter by far where what a step changes is rounding.
    """

    speeds: Mapping[str, Float[np.ndarray, "2 n"]]
    legs: Mapping[str, Float[np.ndarray, "n k"]]
    ends: Mapping[str, Float[np.ndarray, " n"]]
    coarse: Mapping[str, Float[np.ndarray, " c"]]
    step: float
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return min((len(ends) for ends in self.ends.values()), default=0)


@dataclass(frozen=True, eq=False)
class Truncations:
    """Outputs for the same latents, each drawn towards the average one to psi times its distance: features [p n d].

    psis: [p], the first of them 1: nothing is drawn in. labels: [p n], index of the class that the lens sees in each;
    None where it names none.
    """

    x: Float[np.ndarray, "p n d"]
    psis: tuple[float, ...]
    labels: Int[np.ndarray, "p n"] | None = None
    keys: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.x.shape[1])
