"""The requests that an endpoint is checked with, and how their answers are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from genbench.core.errors import ModelError
from genbench.models._endpoint_client import Answer, Ask, Client, GaveUp, Refused

Found: TypeAlias = Answer | ModelError

OPENING = "One day a little girl went to the park with her big dog. They saw"
ALTERNATIVES = 5  # the most that OpenAI gives


class Asking:
    """Makes the requests of the checks for one model, through completions where the server has them, else chat."""

    def __init__(self, client: Client, model: str) -> None:
        self.client, self.model = client, model
        self.chat, self.limit, self.echo_tokens = False, "max_tokens", 0

    def generate(self, tokens: int, **asked: Any) -> Ask:
        """A continuation of OPENING; asked: what else the request holds."""
        body: dict[str, Any] = {"model": self.model, "top_p": 1.0, **asked}
        if self.chat:
            return Ask("/chat/completions", body | {"messages": [user(OPENING)], self.limit: tokens})
        return Ask("/completions", body | {"prompt": OPENING, "max_tokens": tokens})

    def echo(self, text: str, alternatives: int = ALTERNATIVES) -> Ask:
        """The log-probs of a text, asked for just as `log_prob` asks."""
        return Ask("/completions", echo_body(self.model, text, self.echo_tokens, alternatives))

    def all(self, asks: Sequence[Ask]) -> list[Found]:
        return self.client.tried(asks)


def echo_body(model: str, text: str, tokens: int, alternatives: int = 1) -> dict[str, Any]:
    """Temperature 1, since some servers divide by it before they take log-probs."""
    return {
        "model": model, "prompt": text, "max_tokens": tokens, "echo": True, "logprobs": alternatives,
        "temperature": 1.0, "top_p": 1.0, "seed": 0,
    }  # fmt: skip


def model_of(client: Client, named: str) -> str:
    """The model to ask for: as named, or the only one the server lists. `ModelError` where it lists several."""
    if named:
        return named
    (found,) = client.tried([Ask("/models")])
    if isinstance(found, GaveUp) or (isinstance(found, Refused) and found.status == 401):
        raise found
    data = found.body.get("data") if isinstance(found, Answer) else None
    ids = [str(m["id"]) for m in data if isinstance(m, Mapping) and "id" in m] if isinstance(data, list) else []
    if len(ids) == 1:
        return ids[0]
    listed = f"{len(ids)} models, {', '.join(ids[:8])}{' ...' if len(ids) > 8 else ''}" if ids else "no models"
    raise ModelError(f"endpoint: {client.shown} lists {listed}; name one as `model`")


def text_of(found: Found) -> str:
    """The first choice's text; empty where there is none."""
    if isinstance(found, ModelError):
        return ""
    message = message_of(found)
    return message if message is not None else str(found.body["choices"][0].get("text") or "")


def message_of(found: Found) -> str | None:
    choice = found.body["choices"][0] if isinstance(found, Answer) else {}
    message = choice.get("message") if isinstance(choice, Mapping) else None
    content = message.get("content") if isinstance(message, Mapping) else None
    return content if isinstance(content, str) else None


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}
