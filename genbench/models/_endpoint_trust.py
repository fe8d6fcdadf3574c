"""What an endpoint can be trusted with: each check says honoured, ignored, wrong or cannot tell, and what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Verdict: TypeAlias = Literal["honoured", "ignored", "wrong", "cannot tell"]

RECENT = 24 * 3600  # seconds for which a model that nothing tells from another may be taken for the one last seen
NOISE = 0.1  # nats: how far two log-probs of one token may lie apart where only rounding differs, as in another batch

# What each use of an endpoint rests on. The other checks are worth knowing, and no score is wrong where they fail.
USES: dict[str, tuple[str, ...]] = {
    "scoring": ("completions", "echo", "prompt log-probs", "repeatable log-probs", "aligned", "normalized"),
    "sampling": ("completions",),
    "dialogue": ("chat",),
}


@dataclass(frozen=True)
class Check:
    """One question put to the server, its answer in a word, and what was seen."""

    name: str
    verdict: Verdict
    seen: str


@dataclass(frozen=True)
class Behaviour:
    """What tells one model from another behind the same address: log-probs of a fixed text, and its greedy text."""

    nats: tuple[float, ...] = ()
    greedy: str = ""

    def same_as(self, other: Behaviour) -> bool | None:
        """Whether both may be of one model: by log-probs within NOISE where both have them, else by the greedy text.

        None where there is nothing that both show, so that nobody can tell.
        """
        if self.nats and other.nats:
            return len(self.nats) == len(other.nats) and all(
                abs(a - b) <= NOISE for a, b in zip(self.nats, other.nats, strict=True)
            )
        return self.greedy == other.greedy if self.greedy and other.greedy else None


@dataclass(frozen=True)
class Trust:
    """The result of all checks. url: without credentials. model: as the server names it.

    echo_tokens: the least tokens the server will generate behind an echoed prompt (0 or 1). limit: what it calls the
    greatest number of tokens in a chat.
    """

    url: str
    model: str
    checks: tuple[Check, ...]
    echo_tokens: int = 0
    limit: str = "max_tokens"
    behaviour: Behaviour = Behaviour()

    def check(self, name: str) -> Check:
        """The check of that name."""
        return next(check for check in self.checks if check.name == name)

    def lacking(self, use: str) -> str:
        """Why the endpoint cannot be used for `scoring`, `sampling` or `dialogue`; empty where it can."""
        failed = [c for c in self.checks if c.name in USES[use] and c.verdict != "honoured"]
        # What is wrong says most; else what comes first in USES is the cause of what comes behind.
        failed.sort(key=lambda c: (c.verdict != "wrong", USES[use].index(c.name)))
        return f"{failed[0].name} {failed[0].verdict}: {failed[0].seen}" if failed else ""

    def plain(self) -> dict[str, Any]:
        """Plain values, for records and `--json`."""
        return {
            "url": self.url,
            "model": self.model,
            "checks": [vars(check) for check in self.checks],
            "uses": {use: self.lacking(use) or "yes" for use in USES},
            "echo_tokens": self.echo_tokens,
            "limit": self.limit,
            "behaviour": {"nats": list(self.behaviour.nats), "greedy": self.behaviour.greedy},
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Trust:
        """What `plain` gave, again."""
        behaviour = Behaviour(tuple(plain["behaviour"]["nats"]), plain["behaviour"]["greedy"])
        checks = tuple(Check(**check) for check in plain["checks"])
        return cls(plain["url"], plain["model"], checks, plain["echo_tokens"], plain["limit"], behaviour)


def worst(checks: Sequence[Check]) -> int:
    """An exit code: 0 all honoured, 1 something ignored or wrong, 3 nothing worse than "cannot tell"."""
    found = {check.verdict for check in checks}
    if found & {"ignored", "wrong"}:
        return 1
    return 3 if "cannot tell" in found else 0
