"""A language model behind an OpenAI-compatible address: vLLM, llama.cpp, a hosted service."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from genbench.core.data import Item
from genbench.core.digest import digest
from genbench.core.errors import ModelError, NotApplicable
from genbench.core.evidence import LogProbs
from genbench.core.model import Message, family
from genbench.models._bytes import counts_of
from genbench.models._endpoint_aligning import Placed, Unreadable, placed, said_of
from genbench.models._endpoint_asking import echo_body
from genbench.models._endpoint_cache import KeptAnswers
from genbench.models._endpoint_checks import examined
from genbench.models._endpoint_client import Ask, Client, GaveUp, Patience
from genbench.models._endpoint_spending import Spending
from genbench.models._endpoint_trust import RECENT, Check, Trust

SEEDS = 2**31  # what every server takes as a seed


@family(modality="text", cites=["OpenAI API reference, /v1/completions and /v1/chat/completions"])
class Endpoint:
    """A served model by the address of its OpenAI-compatible API; what it can be trusted with is found out first.

    url: such as http://localhost:8000/v1. model: as the server names it; empty for the only one it lists. api: how it
    is asked to go on with a text, by `completions` or as the one message of a `chat`. start: the text samples begin
    with, and that comes before every text that is scored; it is given, not scored. key_from: the environment variable
    that holds the key; the key itself is never written down. price_in, price_out: per million tokens. dtype: what the
    server computes in, where you know it.

    Texts are scored by the log-probs of an echoed prompt, where the server's are returned, aligned, normalized and
    repeatable; else whatever needs them is skipped, with what was seen. A text must fit the server's context whole.
    Each answer is kept on disk the moment it comes, and serves later runs as long as the server shows the log-probs or
    the greedy text it then showed; one that shows neither is taken for the same for 24 hours, which is said. Item i is
    asked for with seeds[i] mod 2^31; whether the server honours a seed is among the checks. What the work costs in
    energy is not measurable here: tokens and latency are.
    """

    def __init__(
        self, *, url: str, model: str = "", api: Literal["completions", "chat"] = "completions", start: str = "",
        key_from: str = "OPENAI_API_KEY", temperature: float = 1.0, top_p: float = 1.0, longest: int = 256,
        at_once: int = 8, seconds_each: float = 60.0, seconds_in_all: float = 600.0, price_in: float | None = None,
        price_out: float | None = None, dtype: str = "unknown",
    ) -> None:  # fmt: skip
        if key_from and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key_from):
            raise ModelError("endpoint: key_from wants the name of an environment variable, never the key itself")
        if at_once < 1 or longest < 1 or seconds_each <= 0 or seconds_in_all <= 0:
            raise ModelError("endpoint: at_once, longest, seconds_each and seconds_in_all must be above 0")
        self.named, self.api, self.start = model, api, start
        self.temperature, self.top_p, self.longest = temperature, top_p, longest
        self.spending = Spending(price_in, price_out)
        self.client = Client(url, key_from, Patience(seconds_each, seconds_in_all), at_once, self.spending)
        self._seen = KeptAnswers(None)
        self._trust: Trust | None = None
        self._known_by = Check("identity", "cannot tell", "not asked yet")

    def keep_in(self, folder: Path) -> None:
        """Keeps answers below `folder` from now on, and looks for them there."""
        self.client.kept, self._seen = KeptAnswers(folder / "requests"), KeptAnswers(folder / "endpoints")

    @property
    def trust(self) -> Trust:
        """What the server can be trusted with: asked once per object, and as last seen where it cannot be reached."""
        if self._trust is None:
            self._trust = self._recognized()
        return self._trust

    def identity(self) -> str:
        """Names the model by its name and its behaviour: another one behind the same address has another identity."""
        return digest(self.trust.model, self.client.scope)

    def vouched(self) -> Mapping[str, Any]:
        """The checks in plain values, to be kept with a run; the last says how the model was known to be this one."""
        plain = self.trust.plain()
        return {**plain, "checks": [*plain["checks"], vars(self._known_by)]}

    def spent(self) -> Mapping[str, Any]:
        """Requests, tokens, latency, failed attempts and cost so far, in plain values."""
        return self.spending.plain()

    def elsewhere(self) -> str:
        """Why this model's energy cannot be had, and what is known instead."""
        return f"not measurable here: the model runs at {self.client.shown}; {self.spending.in_words()}"

    def log_prob(self, items: Sequence[Item]) -> LogProbs:
        """log p(text | start), in nats [n], summed over the server's own tokens."""
        return self._scored([self.start] * len(items), [str(item) for item in items])

    def log_prob_given(self, contexts: Sequence[str], continuations: Sequence[str]) -> LogProbs:
        """log p(continuation | start, context), in nats [n].

        Spaces at the end of a context go over to its continuation, as lm-evaluation-harness has it; a token across the
        boundary counts to the continuation.
        """
        bare = [context.rstrip() for context in contexts]
        behind = [c[len(b) :] + text for c, b, text in zip(contexts, bare, continuations, strict=True)]
        scored = self._scored([self.start + context for context in bare], behind)
        return replace(scored, counts={**counts_of(continuations), "token": scored.counts["token"]})

    def sample(self, seeds: Sequence[int]) -> Sequence[Item]:
        """Texts from `start` on, without it."""
        return self.complete([""] * len(seeds), seeds)

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """What the model adds to each prompt; in a chat, its answer to it."""
        if self.api == "chat":
            return self.reply([[Message("user", self.start + prompt)] for prompt in prompts], seeds)
        self._need("sampling")
        asks = [
            Ask("/completions", self._drawing(seed) | {"prompt": self.start + p, "max_tokens": self.longest})
            for p, seed in zip(_clean(prompts), seeds, strict=True)
        ]
        return [str(answer.body["choices"][0].get("text") or "") for answer in self.client.ask(asks)]

    def reply(self, histories: Sequence[Sequence[Message]], seeds: Sequence[int]) -> list[str]:
        """The assistant's next message of each conversation."""
        self._need("dialogue")
        asks = []
        for history, seed in zip(histories, seeds, strict=True):
            messages = [{"role": m.role, "content": _clean([m.text])[0]} for m in history]
            asks.append(Ask("/chat/completions", self._drawing(seed) | {
                "messages": messages, self.trust.limit: self.longest,
            }))  # fmt: skip
        messages_back = [answer.body["choices"][0].get("message") or {} for answer in self.client.ask(asks)]
        return [str(message.get("content") or message.get("refusal") or "") for message in messages_back]

    def _drawing(self, seed: int) -> dict[str, Any]:
        return {
            "model": self.trust.model, "seed": seed % SEEDS, "temperature": self.temperature, "top_p": self.top_p,
        }  # fmt: skip

    def _need(self, use: str) -> None:
        """`NotApplicable` with what was seen, where the endpoint cannot be trusted with that use."""
        if because := self.trust.lacking(use):
            raise NotApplicable(f"endpoint {self.client.shown} cannot be trusted with {use}: {because}")

    def _scored(self, contexts: Sequence[str], texts: Sequence[str]) -> LogProbs:
        self._need("scoring")
        contexts, clean = _clean(contexts), _clean(texts)
        wanted = [i for i, text in enumerate(clean) if text]  # nothing has probability 1, and no server takes it
        model, least = self.trust.model, self.trust.echo_tokens
        answers = self.client.ask(
            [Ask("/completions", echo_body(model, contexts[i] + clean[i], least)) for i in wanted]
        )
        nats, tokens = np.zeros(len(texts)), np.ones(len(texts), dtype=np.int64)
        bos = "given, not scored"
        for i, answer in zip(wanted, answers, strict=True):
            try:
                read = placed(contexts[i] + clean[i], *said_of(answer.body["choices"][0]))
                mine = _behind(read, len(contexts[i].encode()))
            except Unreadable as error:
                said = f"endpoint {self.client.shown}: text {i} of {len(texts)} cannot be scored: {error}"
                raise ModelError(said) from error
            nats[i], tokens[i] = math.fsum(mine), max(1, len(mine))
            if i == wanted[0]:
                bos = _beginning(read, contexts[i])
        counts = counts_of(texts)
        counts["token"] = tokens
        facts: dict[str, int | float | str] = {"window": "the server's", "bos": bos, "eos": "not scored"}
        return LogProbs(nats, counts, facts=facts)

    def _recognized(self) -> Trust:
        """Examines the server, and tells by its behaviour whether it is a model seen before at this address.

        Where its behaviour shows nothing to compare, the one seen last is taken for the same for RECENT seconds from
        when it was last known for sure: a run can be resumed, and no later one is served another model's answers.
        """
        key, now = digest(self.client.base, self.named), time.time()
        seen: list[dict[str, Any]] = self._seen.get(key) or []
        try:
            trust = examined(self.client, self.named)
        except GaveUp as error:
            if not seen or not error.unreachable:
                raise
            self.client.scope = str(seen[-1]["id"])
            self._known_by = Check("identity", "cannot tell", "could not be verified: the server cannot be reached")
            return Trust.from_plain(seen[-1]["trust"])
        then = {str(record["id"]): Trust.from_plain(record["trust"]) for record in seen}
        like = {id: was.behaviour.same_as(trust.behaviour) for id, was in then.items() if was.model == trust.model}
        record = next((r for r in seen if like.get(str(r["id"]))), None)
        if record is not None:
            self._known_by = Check("identity", "honoured", "behaves as when its kept answers were given")
            self._keep(key, seen, {**record, "sure": now}, trust)
            return trust
        unsure = [r for r in reversed(seen) if str(r["id"]) in like and like[str(r["id"])] is None]
        record = next((r for r in unsure if 0 <= now - float(r.get("sure", 0.0)) <= RECENT), None)
        if record is not None:
            hours = (now - float(record["sure"])) / 3600
            said = f"could not be verified: nothing to compare it by; answers of the last {hours:.1f} h are used again"
            self._known_by = Check("identity", "cannot tell", said)
            self._keep(key, seen, record, trust)
            return trust
        behaviour = trust.plain()["behaviour"]
        known = bool(trust.behaviour.nats or trust.behaviour.greedy)
        once = f"could not be verified: nothing to compare it by, so its answers serve for {RECENT // 3600} hours"
        self._known_by = (
            Check("identity", "honoured", "seen for the first time")
            if known
            else Check("identity", "cannot tell", once)
        )
        id = digest(key, trust.model, behaviour, *([] if known else [now]))
        self._keep(key, seen, {"id": id, "sure": now, "trust": trust.plain()}, trust)
        return trust

    def _keep(self, key: str, seen: Sequence[Mapping[str, Any]], record: Mapping[str, Any], trust: Trust) -> None:
        """The record as the one seen last, with today's checks, and the behaviour it was first known by."""
        self.client.scope = str(record["id"])
        plain = {**trust.plain(), "behaviour": record["trust"]["behaviour"]}
        self._seen.put(key, [*(r for r in seen if r["id"] != record["id"]), {**record, "trust": plain}])


def _behind(read: Sequence[Placed], boundary: int) -> list[float]:
    """Log-probs of the tokens that begin at the boundary, cross it or lie behind it.

    The first of all may have none, as nothing precedes it.
    """
    mine = []
    for place, token in enumerate(read):
        if token.begin >= boundary or token.end > boundary:
            if token.nats is not None:
                mine.append(token.nats)
            elif place:
                raise Unreadable(f"token {place} ({token.text!r}) has no log-prob")
    return mine


def _beginning(read: Sequence[Placed], context: str) -> str:
    if context:
        return "the context before it, given"
    if read[0].nats is not None:
        return "given, not scored"
    return "given, not scored" if read[0].end == 0 else "none, so the first token is not scored"


def _clean(texts: Sequence[str]) -> list[str]:
    """A lone surrogate, which cannot be sent, becomes "?"."""
    return [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
