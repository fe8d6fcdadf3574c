"""GPT-2 (Radford et al. 2019), with the names that its checkpoints give their weights."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from genbench.models._decoders import Decoder, Looking, Shape, by_head, table
from genbench.models._packed import LinearGelu


class Gpt2Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.c_attn, self.c_proj = nn.Linear(shape.width, 3 * shape.width), nn.Linear(shape.width, shape.width)

    def forward(self, x: Tensor, looking: Looking) -> Tensor:
        queries, keys, values = (by_head(part, self.heads) for part in self.c_attn(x).chunk(3, dim=2))
        made: Tensor = self.c_proj(looking.at(queries, keys, values))
        return made


class Gpt2Mlp(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.c_fc, self.c_proj = LinearGelu(shape.width, shape.inner), nn.Linear(shape.inner, shape.width)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.c_proj(self.c_fc(x))
        return made


class Gpt2Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = (nn.LayerNorm(shape.width, eps=shape.epsilon) for _ in range(2))
        self.attn, self.mlp = Gpt2Attention(shape), Gpt2Mlp(shape)

    def forward(self, x: Tensor, looking: Looking) -> Tensor:
        x = x + self.attn(self.ln_1(x), looking)
        made: Tensor = x + self.mlp(self.ln_2(x))
        return made


class Gpt2(Decoder):
    layers_of = "h"

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.wte, self.wpe = table(shape.vocabulary, shape.width), table(shape.longest, shape.width)
        self.h = nn.ModuleList(Gpt2Block(shape) for _ in range(shape.layers))
        self.ln_f = nn.LayerNorm(shape.width, eps=shape.epsilon)

    def entered(self, symbols: Tensor, depths: Tensor) -> tuple[Tensor, Any]:
        return self.wte(symbols) + self.wpe(depths), None

    def left(self, x: Tensor) -> Tensor:
        made: Tensor = self.ln_f(x)
        return made
