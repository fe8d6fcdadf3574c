"""What holds for every model that writes byte by byte: each check takes the model and some forty seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from genbench.models._drawing import BLOCK


def each_sample_is_its_seed_alone(model: Any, seeds: Sequence[int]) -> None:
    together = model.sample(seeds)
    apart = [*model.sample(seeds[:1]), *model.sample(seeds[1:4]), *model.sample(seeds[4:35]), *model.sample(seeds[35:])]
    assert apart == together
    assert model.sample(seeds[::-1]) == together[::-1]
    assert len(set(together)) == 40


def no_neighbour_changes_a_bit(model: Any, seeds: Sequence[int], last: Callable[[Any], torch.Tensor]) -> None:
    """A draw flips only once in a million, so equal texts alone would not show that the arithmetic is equal.

    last: the logits [n SYMBOLS] of the next symbol, of what the network returns.
    """
    seen: list[torch.Tensor] = []
    model.net.register_forward_hook(lambda net, given, made: seen.append(last(made)))
    steps = []
    for prompts, row in ((["The type of"], 0), (["If a longer prompt", "x", "The type of", "The"] * 4, 2)):
        seen.clear()
        model.complete(prompts, [*seeds[1 : row + 1], seeds[0], *seeds[row + 1 : len(prompts)]])
        steps.append([logits[row] for logits in seen])
    shared = min(map(len, steps))
    assert shared > 20
    assert all(torch.equal(a, b) for a, b in zip(steps[0][:shared], steps[1][:shared]))
    assert len(seen[0]) == BLOCK


def each_completion_heeds_its_own_prompt(model: Any, seeds: Sequence[int]) -> None:
    prompts = ["The functio", "If the obj", "", "Exceptions are rais", "x" * 400]
    together = model.complete(prompts, seeds[:5])
    assert together == [model.complete([p], [s])[0] for p, s in zip(prompts, seeds)]
