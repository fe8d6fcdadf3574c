"""Llama (Touvron et al. 2023, arXiv:2302.13971), with the grouped keys of Ainslie et al. 2023, arXiv:2305.13245.

Modules carry the names that its checkpoints give their weights.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genbench.models._decoders import Decoder, Looking, Shape, by_head, table


class RootNorm(nn.Module):
    """x / sqrt(mean x^2 + epsilon), scaled (Zhang and Sennrich 2019, arXiv:1910.07467)."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(width)), epsilon

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon))


class LlamaAttention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape, (d, e) = shape, (shape.width, shape.head_width)
        self.q_proj, self.o_proj = nn.Linear(d, shape.heads * e, bias=False), nn.Linear(shape.heads * e, d, bias=False)
        self.k_proj, self.v_proj = (nn.Linear(d, shape.keys * e, bias=False) for _ in range(2))

    def forward(self, x: Tensor, looking: Looking) -> Tensor:
        h, g = self.shape.heads, self.shape.keys
        seen = looking.at(by_head(self.q_proj(x), h), by_head(self.k_proj(x), g), by_head(self.v_proj(x), g))
        made: Tensor = self.o_proj(seen)
        return made


class LlamaMlp(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(shape.width, shape.inner, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))
        return made


class LlamaBlock(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = (RootNorm(shape.width, shape.epsilon) for _ in range(2))
        self.self_attn, self.mlp = LlamaAttention(shape), LlamaMlp(shape)

    def forward(self, x: Tensor, looking: Looking) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), looking)
        made: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return made


class Llama(Decoder):
    layers_of = "layers"

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.embed_tokens = table(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(LlamaBlock(shape) for _ in range(shape.layers))
        self.norm = RootNorm(shape.width, shape.epsilon)

    def entered(self, symbols: Tensor, depths: Tensor) -> tuple[Tensor, Any]:
        e = self.shape.head_width
        steps = torch.arange(0, e, 2, device=symbols.device).float() / e
        angles = depths[:, None, :, None].float() / self.shape.base**steps  # [n 1 t e/2]
        turn = torch.cat([angles, angles], dim=-1)
        return self.embed_tokens(symbols), (turn.cos(), turn.sin())

    def left(self, x: Tensor) -> Tensor:
        made: Tensor = self.norm(x)
        return made
