"""Decoders in plain torch, called as transformers calls its own: what each is made around, whatever its blocks are.

Modules carry the names that checkpoints give their weights; `_gpt2` and `_llama` hold the blocks. Padding may stand
behind a row only: no token looks at a later one, so that a row's own states do not see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genbench.models._attention import causal

ROOM = 32  # tokens that a memory takes before it is copied; more is no faster


@dataclass(frozen=True)
class Shape:
    """Sizes of a decoder. keys: heads of keys and values, which groups of query heads share. inner: of the MLP."""

    vocabulary: int
    longest: int
    width: int
    layers: int
    heads: int
    keys: int
    head_width: int
    inner: int
    epsilon: float
    base: float = 10_000.0  # of Llama's rotations


class Memory:
    """Keys and values of the tokens read so far, layer by layer: [n h room e] each, of which the first places are full.

    There is room to spare: with none, all that is kept would be copied at each new token, which took a tenth of the
    time in which a GPT-2 small writes 128 tokens in each of 32 rows.
    """

    def __init__(self, layers: int) -> None:
        self.kept: list[tuple[Tensor, Tensor] | None] = [None] * layers
        self.full = [0] * layers

    def __len__(self) -> int:
        return self.full[0]

    def grown(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All of a layer [n h t e] with new ones behind those kept, which are kept too."""
        before, begun = self.kept[layer], self.full[layer]
        end = self.full[layer] = begun + keys.shape[2]
        if before is None:
            self.kept[layer] = keys, values
            return keys, values
        if end > before[0].shape[2]:
            before = self.kept[layer] = _roomier(before[0], begun, end), _roomier(before[1], begun, end)
        before[0][:, :, begun:end], before[1][:, :, begun:end] = keys, values
        return before[0][:, :, :end], before[1][:, :, :end]

    def reorder_cache(self, rows: Tensor) -> None:
        """Keeps the rows of these indices; transformers' name for it."""
        self.kept = [None if both is None else (both[0][rows], both[1][rows]) for both in self.kept]


def _roomier(x: Tensor, full: int, end: int) -> Tensor:
    """The first `full` places of x [n h _ e], with room for ROOM more than `end`."""
    made = x.new_empty(*x.shape[:2], end + ROOM, x.shape[3])
    made[:, :, :full] = x[:, :, :full]
    return made


@dataclass(frozen=True)
class States:
    """What a decoder made, under transformers' names: states [n t d], and the memory where it was asked for."""

    last_hidden_state: Tensor
    cache: Memory | None


@dataclass(frozen=True)
class Said:
    """Logits [n t V]."""

    logits: Tensor


class Decoder(nn.Module):
    """Embeddings, blocks and a last norm, whatever their kind; `forward` takes what `Causal` gives."""

    layers_of: str

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, position_ids: Tensor | None = None,
        use_cache: bool = False, cache: Memory | None = None,
    ) -> States:  # fmt: skip
        """States of tokens [n t]. attention_mask: a tree's [1 1 t t], added to scores; one of padding is unused."""
        memory = cache if cache is not None else Memory(self.shape.layers) if use_cache else None
        begun, t = 0 if memory is None else len(memory), input_ids.shape[1]
        depths = torch.arange(begun, begun + t, device=input_ids.device)[None] if position_ids is None else position_ids
        x, turn = self.entered(input_ids, depths)
        bias = attention_mask if attention_mask is not None and attention_mask.ndim == 4 else None
        if bias is None and begun and t > 1:
            bias = torch.ones(t, begun + t, dtype=torch.bool, device=x.device).tril(begun)
        for i, block in enumerate(getattr(self, self.layers_of)):
            x = block(x, Looking(turn, bias, memory, i))
        return States(self.left(x), memory)

    def entered(self, symbols: Tensor, depths: Tensor) -> tuple[Tensor, Any]:
        """What goes into the first block [n t d], and the rotations (cos, sin), None where there are none."""
        raise NotImplementedError

    def left(self, x: Tensor) -> Tensor:
        """The last norm."""
        raise NotImplementedError


@dataclass(frozen=True)
class Looking:
    """How a block looks around: rotations by depth, an additive or boolean mask, the memory and the block's number."""

    turn: tuple[Tensor, Tensor] | None
    bias: Tensor | None
    memory: Memory | None
    layer: int

    def at(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """softmax(q k' / sqrt(e)) v of queries [n h t e] and keys and values [n g t e]: [n t (h e)]."""
        if self.turn is not None:
            queries, keys = _turned(queries, *self.turn), _turned(keys, *self.turn)
        if self.memory is not None:
            keys, values = self.memory.grown(self.layer, keys, values)
        if (shared := queries.shape[1] // keys.shape[1]) > 1:
            keys, values = keys.repeat_interleave(shared, 1), values.repeat_interleave(shared, 1)
        if self.bias is None and queries.shape[2] > 1:
            seen = causal(queries, keys, values)
        else:
            seen = F.scaled_dot_product_attention(queries, keys, values, attn_mask=self.bias)
        return seen.transpose(1, 2).flatten(2)  # [n h t e] -> [n t (h e)]


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x [n h t e] rotated by depth (Su et al. 2021, arXiv:2104.09864), its halves being the two coordinates."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin


def by_head(x: Tensor, heads: int) -> Tensor:
    """[n t (h e)] -> [n h t e]."""
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)


def table(n: int, width: int) -> nn.Embedding:
    """An embedding not yet filled. One that draws its weights would, on the device "meta", load torch's compiler."""
    made: nn.Embedding = nn.Embedding.from_pretrained(torch.empty(n, width))  # type: ignore[no-untyped-call]
    return made


class Net(nn.Module):
    """A decoder and the head on it, with the few names of transformers' that `Causal` and its neighbours use.

    table: the name of the embeddings of tokens. generation_config: whatever says which tokens end a text.
    """

    def __init__(self, base_model: Decoder, table: str, generation_config: Any) -> None:
        super().__init__()
        self.base_model, self.table, self.generation_config = base_model, table, generation_config
        self.lm_head = nn.Linear(base_model.shape.width, base_model.shape.vocabulary, bias=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, use_cache: bool = False) -> Said:
        return Said(self.lm_head(self.base_model(input_ids, attention_mask).last_hidden_state))

    def get_input_embeddings(self) -> Any:
        return getattr(self.base_model, self.table)

    def get_output_embeddings(self) -> nn.Linear:
        return self.lm_head

    @property
    def device(self) -> torch.device:
        return self.lm_head.weight.device

    @property
    def dtype(self) -> torch.dtype:
        return self.lm_head.weight.dtype
