"""Any language model of transformers, causal, masked or encoder-decoder: from the hub, a folder or a GGUF file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from genbench.core.chance import stream
from genbench.core.data import Item
from genbench.core.errors import ModelError, NotApplicable
from genbench.core.evidence import LogProbs, TokenLogProbs
from genbench.core.model import Message, family
from genbench.core.places import ModelOrHubId
from genbench.models._bytes import added_counts, counts_of
from genbench.models._causal import Causal, load
from genbench.models._chat_template import ChatTemplate, template_at_hand, tokenizer_of
from genbench.models._checkpoint import Kind, Source
from genbench.models._drawing import Drawing
from genbench.models._hf_masked import HfMasked
from genbench.models._hf_seq2seq import HfSeq2Seq
from genbench.models._hf_swapping import hf_slopes, own_tokens, readable_swaps
from genbench.models._ragged import ragged
from genbench.models._scoring import nats_of, shared_sums, token_rows
from genbench.models._windows import windows_behind, windows_of

ROWS = 32  # texts that are generated together, at most: memory does not grow with their number
Precision: TypeAlias = Literal["float32", "bfloat16", "float16"]
# How far two logits of one position may be moved by other rounding, as in another batch. A choice closer than this
# is made by the row alone.
NEAR: dict[str, float] = {"float32": 1e-3, "bfloat16": 0.25, "float16": 0.05}


@family(modality="text", cites=["Wolf et al. 2020, doi:10.18653/v1/2020.emnlp-demos.6 (transformers)"])
class Hf:
    """A language model by hub id, local folder or path of a .gguf file; nothing is loaded before it is needed.

    Its configuration says what it is, and so what it can do: this class is a causal one. A masked model contrasts pairs
    and is sampled by Gibbs sampling, texts of `longest` tokens; it is no density. An encoder-decoder completes prompts
    and scores continuations. What follows is said of causal models.

    Every text follows the model's BOS token (its EOS where it has no BOS), which is given, not scored; its end is not
    scored either, since a text is not known to be whole. window: tokens fed at once, 0 for the model's own maximum but
    at most 2048. stride: new tokens per further window, 0 for half a window. temperature 0 is greedy; a text ends with
    EOS, after `longest` new tokens, or when the window is full. Weights are read from safetensors or by a restricted
    unpickler, and code that comes with a model runs only where the suite says `trust_remote_code: true`.
    """

    def __init__(
        self, *, path: ModelOrHubId, revision: str = "main", dtype: Precision = "float32", window: int = 0,
        stride: int = 0, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, longest: int = 256,
        trust_remote_code: bool = False,
    ) -> None:  # fmt: skip
        self.path, self.dtype, self.window, self.stride = path, dtype, window, stride
        self.temperature, self.top_k, self.top_p, self.longest = temperature, top_k, top_p, longest
        self.source = Source(path, revision, trust_remote_code)
        self.device = "cpu"
        self._model: Causal | None = None
        self._swaps: np.ndarray | None = None
        self._template: ChatTemplate | None = None

    def unwrap(self) -> Any:
        """This, or what a masked model or an encoder-decoder is."""
        drawing = Drawing(self.temperature, self.top_k, self.top_p, self.longest)
        planned, kind = self.source.kind_at_hand, self.source.kind
        if planned != kind:
            raise ModelError(
                f"hf: {self.path!r} is {kind}, which no plan could know before its configuration was fetched; it is "
                "fetched now, so start the run again"
            )
        return self if kind == "causal" else OTHERS[kind](self.source, self.dtype, drawing)

    def stands_for(self) -> type:
        """What the model can do, as far as this machine knows; of a hub id never fetched it is not known yet."""
        kind = self.source.kind_at_hand
        return Hf if kind == "causal" else OTHERS[kind]

    @classmethod
    def overlooked(cls, settings: Mapping[str, Any]) -> str:
        """A chat template that comes with the checkpoint: prompts are put as bare text here."""
        if not template_at_hand(Source(str(settings["path"]), str(settings.get("revision", "main")), False)):
            return ""
        return (
            "its tokenizer has a chat template, and hf puts prompts as bare text; to ask it as a chatbot: "
            "{ family: dialogue, settings: { of: hf, settings: { path: ... }, template: own } }"
        )

    def identity(self) -> str:
        """Digest of the folder or file on disk; of a hub id, the commit that its revision is now."""
        return self.source.identity()

    def place(self, device: str) -> None:
        self.device = device
        if self._model is not None:
            self._model.net.to(device)

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        """log p(tokens of each text | start), in nats [n], summed in float64 from float32 per token.

        Longer texts are read through a window that slides by `stride`: each token is scored once, and after the first
        window with at least window - stride tokens before it. Windows are batched by length, padded behind.
        """
        model = self._loaded()
        texts = [model.tokens_of(str(item)) for item in items]
        window, stride = self._window(), self._stride()
        windows = [w for i, tokens in enumerate(texts) for w in windows_of(i, tokens, window, stride)]
        nats = nats_of(model, windows, len(items))
        counts = counts_of(items)
        counts["token"] = np.array([max(1, len(tokens) - 1) for tokens in texts], dtype=np.int64)
        given = "none, so the first token is not scored" if model.start is None else "given, not scored"
        facts: dict[str, int | float | str] = {"window": window, "stride": stride, "bos": given, "eos": "not scored"}
        return LogProbs(nats, counts, facts=facts)

    def token_log_probs(self, items: Sequence[Item]) -> TokenLogProbs:
        """log p of each token, with mean and deviation over the vocabulary in its place; read as `log_prob` does."""
        model, room = self._loaded(), (self._window(), self._stride())
        windows = [w for i, item in enumerate(items) for w in windows_of(i, model.tokens_of(str(item)), *room)]
        given = "none, so the first token is not scored" if model.start is None else "given, not scored"
        facts: dict[str, int | float | str] = {"window": room[0], "stride": room[1], "bos": given, "eos": "not scored"}
        return ragged(token_rows(model, windows, len(items)), items, facts)

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
        """log p(continuation's tokens | context), in nats [n]; what contexts share at their beginning is read once.

        The boundary falls where lm-evaluation-harness puts it: `Causal.cut`. Of a context too long for the window, the
        end is read. A continuation without a token of its own has log p 0.
        """
        model, room = self._loaded(), (self._window(), self._stride())
        cut = [model.cut(before, after) for before, after in zip(contexts, continuations, strict=True)]
        windows = [w for i, (tokens, begun) in enumerate(cut) for w in windows_behind(i, tokens, max(1, begun), room)]
        counts = added_counts(continuations)
        counts["token"] = np.array([max(1, len(tokens) - begun) for tokens, begun in cut], dtype=np.int64)
        given = "given, not scored" if model.leads else "given where there is no context, not scored"
        facts: dict[str, int | float | str] = {"window": room[0], "stride": room[1], "bos": given, "eos": "not scored"}
        nats, likeliest = shared_sums(model, windows, len(contexts))
        return LogProbs(nats, counts | {"likeliest": likeliest.astype(np.int64)}, facts=facts)

    def tokens_of(self, texts: Sequence[str]) -> list[Int[np.ndarray, " _"]]:
        return [np.array(own_tokens(self._loaded(), text), dtype=np.int64) for text in texts]

    def texts_of(self, tokens: Sequence[Int[np.ndarray, " _"]]) -> list[str]:
        return [self._loaded().decoded(own.tolist()) for own in tokens]

    def swaps(self) -> Int[np.ndarray, " v"]:
        """Tokens whose text is printable and read back as just them; found once."""
        if self._swaps is None:
            self._swaps = readable_swaps(self._loaded())
        return self._swaps

    def swap_gradients(
        self, contexts: Sequence[Int[np.ndarray, " _"]], continuations: Sequence[str]
    ) -> list[Float[np.ndarray, "_ v"]]:
        """Of the last tokens that fit into the window."""
        return hf_slopes(self._loaded(), contexts, continuations, self.swaps(), self._window())

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        """Texts from the start token on. Item i is made of seeds[i] alone, whatever shares its batch."""
        model = self._loaded()
        if model.start is None:
            raise NotApplicable(f"hf: {self.path!r} has neither a BOS nor an EOS token to begin a text with")
        start = [model.start]
        return [model.decoded(row[1:]) for row in self._generated([start] * len(seeds), seeds, model.ends)]

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """What the model adds to each prompt, begun as its tokenizer begins a text; of one too long the end is read."""
        model, room = self._loaded(), self._window()
        room -= min(self.longest, room // 2)
        begun = [model.prompt_of(prompt, room) for prompt in prompts]
        if not all(begun):
            raise NotApplicable(f"hf: {self.path!r} has no start token, and a prompt is empty")
        rows = self._generated(begun, seeds, model.ends)
        return [model.added(row[: len(head)], row[len(head) :]) for row, head in zip(rows, begun, strict=True)]

    def has_template(self) -> bool | None:
        return template_at_hand(self.source)

    def answer(self, histories: Sequence[Sequence[Message]], seeds: Sequence[int]) -> list[str]:
        """The next message of each conversation in the chat template of the tokenizer, see `ChatTemplate`."""
        model, room = self._loaded(), self._window()
        if self._template is None:
            cutter = model.tokenizer
            self._template = ChatTemplate(
                cutter if hasattr(cutter, "apply_chat_template") else tokenizer_of(self.source), self.path
            )
        room -= min(self.longest, room // 2)
        begun = [self._template.tokens_of(history, room) for history in histories]
        rows = self._generated(begun, seeds, model.ends | self._template.ends())
        return [model.added(row[: len(head)], row[len(head) :]) for row, head in zip(rows, begun, strict=True)]

    def _loaded(self) -> Causal:
        if self._model is None:
            self._model = load(self.source, self.dtype, self.device)
        return self._model

    def _window(self) -> int:
        most = self._loaded().longest
        if self.window < 0 or (most is not None and self.window > most):
            raise ModelError(f"hf: {self.path!r} reads at most {most} tokens at once, got window {self.window}")
        return self.window or min(most or 2048, 2048)

    def _stride(self) -> int:
        window = self._window()
        stride = self.stride or max(1, window // 2)
        if not 0 < stride <= window:
            raise ModelError(f"hf: a stride lies between 1 and the window of {window} tokens, got {self.stride}")
        return stride

    def _generated(self, prompts: Sequence[list[int]], seeds: Sequence[int], ends: frozenset[int]) -> list[list[int]]:
        """Prompts with what was drawn after them, the ending token left out; ROWS alike in length at a time."""
        rows: list[list[int]] = [[]] * len(prompts)
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        for at in range(0, len(order), ROWS):
            mine = order[at : at + ROWS]
            made = self._together([prompts[i] for i in mine], [seeds[i] for i in mine], ends)
            for i, row in zip(mine, made, strict=True):
                rows[i] = row
        return rows

    def _together(self, prompts: Sequence[list[int]], seeds: Sequence[int], ends: frozenset[int]) -> list[list[int]]:
        """The same of few prompts.

        The shortest prompt is read at once, then all rows advance together: a row still inside its prompt is given its
        next token, another draws one. So no row is padded, and a row that ended leaves the batch.
        """
        model, window = self._loaded(), self._window()
        rows = [list(prompt) for prompt in prompts]
        chances = [stream(seed, "hf") for seed in seeds]
        open_, past, place = list(range(len(rows))), None, min(map(len, rows))
        with torch.inference_mode():
            while open_:
                fresh = place - 1 if past is not None else 0
                symbols = torch.tensor([rows[i][fresh:place] for i in open_], device=self.device)  # [m t]
                logits, past = model.following(symbols, past)
                drawing = [j for j, i in enumerate(open_) if len(rows[i]) == place]
                ended = set()
                if drawing:
                    mine = [open_[j] for j in drawing]
                    drawn = self._drawn(logits[drawing], [rows[i] for i in mine], [chances[i] for i in mine])
                    for i, token in zip(mine, drawn, strict=True):
                        rows[i] += [] if token in ends else [token]
                        full = len(rows[i]) - len(prompts[i]) >= self.longest or len(rows[i]) >= window
                        ended |= {i} if full or token in ends else set()
                if ended:
                    kept = [j for j, i in enumerate(open_) if i not in ended]
                    open_, past = [open_[j] for j in kept], model.narrowed(past, kept)
                place += 1
        return rows

    def _drawn(self, logits: Tensor, rows: Sequence[list[int]], chances: Sequence[np.random.Generator]) -> list[int]:
        """One token per row: the greatest of logit + temperature x Gumbel noise (Gumbel 1954) among those allowed.

        The batch a row is in moves its logits by rounding. One number per row set against the cumulative probabilities
        of 50,000 tokens would then change about one token in 5,000 (measured); here it matters only where two scores,
        or the limits of top_k and top_p, are closer than NEAR, and such a row is computed again by itself.
        """
        near, v = NEAR[self.dtype], logits.shape[1]
        noise = torch.zeros_like(logits)
        if self.temperature:
            u = torch.from_numpy(np.stack([chance.random(v) for chance in chances]))
            noise = -self.temperature * (-u.log()).log().float().to(logits.device)
        scores = (logits + noise).masked_fill(logits < self._cut(logits, near), -torch.inf)
        best = scores.topk(min(2, v), dim=1)
        chosen = best.indices[:, :1]
        sure = (best.values[:, :1] - best.values[:, -1:] >= near) & (
            logits.gather(1, chosen) >= self._cut(logits, -near)
        )
        drawn: list[int] = chosen[:, 0].tolist()
        for j in (~sure[:, 0]).nonzero()[:, 0].tolist():
            alone, _ = self._loaded().following(torch.tensor([rows[j]], device=self.device), None)
            drawn[j] = int((alone + noise[j]).masked_fill(alone < self._cut(alone, 0.0), -torch.inf).argmax())
        return drawn

    def _cut(self, logits: Tensor, slack: float) -> Tensor:
        """The lowest logit [n 1] within top_k and top_p (Holtzman et al. 2020); slack > 0 widens both, < 0 narrows."""
        v = logits.shape[1]
        if not self.temperature or (not 0 < self.top_k < v and self.top_p >= 1):
            return logits.new_full((len(logits), 1), -torch.inf)
        ordered = logits.sort(dim=1, descending=True).values
        inside = torch.ones_like(ordered, dtype=torch.bool)
        if 0 < self.top_k < v:
            # Widened: within reach of the last that is in. Narrowed: out of reach of the first that is not.
            limit = ordered[:, self.top_k - 1 :][:, :1] if slack >= 0 else ordered[:, self.top_k :][:, :1]
            inside = ordered >= limit - slack
        if self.top_p < 1:
            p = (ordered / self.temperature).masked_fill(~inside, -torch.inf).softmax(dim=1)
            before = p.cumsum(dim=1) - p
            inside &= (before < self.top_p + slack) | ((before == 0) & (slack >= 0))
        return ordered.masked_fill(~inside, torch.inf).min(dim=1, keepdim=True).values


OTHERS: dict[Kind, type] = {"masked": HfMasked, "encoder-decoder": HfSeq2Seq}
