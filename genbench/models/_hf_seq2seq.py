"""An encoder-decoder of transformers, such as T5: completes what it is given, and scores continuations."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from genbench.core.chance import stream
from genbench.core.errors import ModelError
from genbench.core.evidence import LogProbs
from genbench.models._bytes import added_counts
from genbench.models._causal import MEMORIES
from genbench.models._checkpoint import Source, opened
from genbench.models._drawing import Drawing
from genbench.models._packed import pack

ROWS = 32  # read together, at most
IGNORED = -100
READ = 512  # tokens of a context that are read where the model names no limit


class HfSeq2Seq:
    """The encoder reads the context, as its tokenizer frames it; the decoder writes, or is scored on, what follows.

    It is no `Density`: a text without a context has no probability here. The end of a continuation is not scored.
    """

    def __init__(self, source: Source, dtype: str, drawing: Drawing) -> None:
        self.source, self.dtype, self.drawing = source, dtype, drawing
        self.device = "cpu"
        self._net: Any = None
        self._tokenizer: Any = None
        self._memory = ""

    def identity(self) -> str:
        return self.source.identity()

    def place(self, device: str) -> None:
        self.device = device
        if self._net is not None:
            self._net.to(device)

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
        """log p(continuation's tokens | context), in nats [n]; each context is encoded once, however often it comes."""
        net = self._loaded()
        targets = [self._ids(text, framed=False) for text in continuations]
        nats, likeliest = np.zeros(len(contexts)), np.zeros(len(contexts), dtype=np.int64)
        order = sorted(range(len(contexts)), key=lambda i: (contexts[i], len(targets[i])))
        for at in range(0, len(order), ROWS):
            rows = order[at : at + ROWS]
            states, seen = self._encoded([contexts[i] for i in rows])
            length = max(1, *(len(targets[i]) for i in rows))
            labels = torch.full((len(rows), length), IGNORED)
            for row, i in enumerate(rows):
                labels[row, : len(targets[i])] = torch.tensor(targets[i], dtype=torch.long)
            shifted = labels.clamp(min=0).roll(1, dims=1)
            shifted[:, 0] = net.config.decoder_start_token_id
            with torch.inference_mode():
                logits = net(
                    encoder_outputs=states, attention_mask=seen, decoder_input_ids=shifted.to(self.device)
                ).logits
                said = F.cross_entropy(
                    logits.float().transpose(1, 2), labels.to(self.device), ignore_index=IGNORED, reduction="none"
                )  # [n V t], [n t] -> [n t]
            nats[rows] = -said.sum(dim=1).cpu().double().numpy()
            likeliest[rows] = (logits.argmax(dim=2).cpu() == labels).sum(dim=1).numpy()
        counts = added_counts(continuations)
        counts["token"] = np.array([max(1, len(tokens)) for tokens in targets], dtype=np.int64)
        counts["likeliest"] = likeliest
        facts: dict[str, int | float | str] = {"context": "read by the encoder", "eos": "not scored"}
        return LogProbs(nats, counts, facts=facts)

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """What the decoder writes for each prompt, which is read alone: no row's text depends on its batch."""
        return [self._written(prompt, seed) for prompt, seed in zip(prompts, seeds, strict=True)]

    def _written(self, prompt: str, seed: int) -> str:
        net, chance = self._loaded(), stream(seed, "hf")
        states, seen = self._encoded([prompt])
        said = getattr(net.generation_config, "eos_token_id", None)
        ends = set(said if isinstance(said, list) else [said, self._tokenizer.eos_token_id])
        tokens: list[int] = []
        last, past = net.config.decoder_start_token_id, None
        while len(tokens) < self.drawing.longest:
            with torch.inference_mode():
                out = net(
                    encoder_outputs=states, attention_mask=seen, use_cache=True,
                    decoder_input_ids=torch.tensor([[last]], device=self.device), **{self._memory: past},
                )  # fmt: skip
            past = getattr(out, self._memory)
            cumulative = self.drawing.cumulative(out.logits[:, -1])[0]
            last = int((cumulative <= chance.random()).sum())
            if last in ends:
                break
            tokens.append(last)
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))

    def _encoded(self, contexts: Sequence[str]) -> tuple[Any, Tensor]:
        """The encoder's states of each context, and what of them is no padding [n t]; of a long context, the end."""
        from transformers.modeling_outputs import BaseModelOutput

        distinct = list(dict.fromkeys(contexts))
        rows = [self._ids(text, framed=True) for text in distinct]
        t = max(map(len, rows))
        symbols, seen = torch.zeros((len(rows), t), dtype=torch.long), torch.zeros((len(rows), t), dtype=torch.long)
        for row, tokens in enumerate(rows):
            symbols[row, : len(tokens)], seen[row, : len(tokens)] = torch.tensor(tokens), 1
        symbols, seen = symbols.to(self.device), seen.to(self.device)
        with torch.inference_mode():
            states = self._loaded().get_encoder()(input_ids=symbols, attention_mask=seen).last_hidden_state
        back = torch.tensor([distinct.index(text) for text in contexts], device=self.device)
        return BaseModelOutput(last_hidden_state=states[back]), seen[back]

    def _ids(self, text: str, *, framed: bool) -> list[int]:
        self._loaded()
        clean = text.encode("utf-8", "replace").decode("utf-8")
        ids: list[int] = self._tokenizer(clean, add_special_tokens=framed, verbose=False)["input_ids"]
        most = getattr(self._net.config, "max_position_embeddings", None) or READ
        return ids if len(ids) <= most or not framed else ids[-most:]

    def _loaded(self) -> Any:
        if self._net is None:
            _, self._tokenizer, net = opened(self.source, "AutoModelForSeq2SeqLM", self.dtype, lambda config: None)
            if net.config.decoder_start_token_id is None:
                raise ModelError(f"hf: {self.source.path!r} does not say which token its decoder begins with")
            takes = inspect.signature(net.forward).parameters
            self._memory = next(name for name in MEMORIES if name in takes)
            self._net = net.to(self.device).eval().requires_grad_(False)
            pack(self._net)
        return self._net
