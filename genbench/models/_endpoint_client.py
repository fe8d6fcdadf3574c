"""Asks an OpenAI-compatible server: many requests at once, patiently, each answer kept the moment it is whole."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import os
import random
import ssl
import time
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from genbench.core.digest import digest
from genbench.core.errors import MissingExtra, ModelError
from genbench.core.secrets import CREDENTIALS, HIDDEN, masked, shown_url
from genbench.models._endpoint_cache import KeptAnswers
from genbench.models._endpoint_spending import Spending

T = TypeVar("T")

AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})  # statuses that another attempt may not meet
KNOCKS = 3  # attempts at a server that has never answered
LONGEST_PAUSE = 60.0  # seconds


@dataclass(frozen=True)
class Patience:
    """seconds_each: for one attempt; seconds_in_all: for a request with its retries; pause: the first one, seconds."""

    seconds_each: float = 60.0
    seconds_in_all: float = 300.0
    pause: float = 0.5


@dataclass(frozen=True)
class Ask:
    """One request: a path below the base address, and the JSON it posts; None only looks (GET)."""

    path: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Answer:
    """What came back as JSON, and the seconds of the attempt that brought it."""

    body: dict[str, Any]
    seconds: float


class Refused(ModelError):
    """The server will not have this request, however often it is made."""

    def __init__(self, status: int, said: str, where: str) -> None:
        self.status, self.said = status, said
        super().__init__(f"endpoint: {where} answered {status}{f': {said}' if said else ''}")


class GaveUp(ModelError):
    """No whole answer came in the time given. unreachable: the server never answered at all."""

    def __init__(self, message: str, *, unreachable: bool) -> None:
        self.unreachable = unreachable
        super().__init__(message)


class _Faulty(Exception):
    """An attempt that failed in a way that may pass; seconds: how long the server asks to be left alone."""

    def __init__(self, kind: str, seconds: float = 0.0) -> None:
        self.kind, self.seconds = kind, seconds
        super().__init__(kind)


def base_of(url: str) -> str:
    """The address below which /completions lies: `http://host:8000` and `.../v1/completions` both mean `.../v1`."""
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018  (a port that is no number is found only when asked for)
    except ValueError as error:
        raise ModelError(f"endpoint: {masked(url, CREDENTIALS)!r} is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ModelError(f"endpoint: wants an address such as http://localhost:8000/v1, got {shown_url(url)!r}")
    path = parts.path.rstrip("/").removesuffix("/completions").removesuffix("/chat") or "/v1"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


class Client:
    """Posts requests `at_once` at a time. The key is read from the environment at each call, and kept nowhere."""

    def __init__(self, url: str, key_from: str, patience: Patience, at_once: int, spending: Spending) -> None:
        self.base, self.key_from, self.patience, self.at_once = base_of(url), key_from, patience, at_once
        self.spending = spending
        self.kept = KeptAnswers(None)
        self.scope = ""  # names whose answers are kept: another model behind the same address has another
        self.answered = False
        self._chance = random.SystemRandom()

    @property
    def shown(self) -> str:
        return shown_url(self.base)

    def ask(self, asks: Sequence[Ask]) -> list[Answer]:
        """One answer per request, kept ones first. After the first that cannot be had no more are begun, and its error
        is raised; all that came by then are kept."""
        found = self.tried(asks, keep=True, all_of_them=False)
        for error in found:
            if isinstance(error, ModelError):
                raise error
        return [answer for answer in found if isinstance(answer, Answer)]

    def tried(self, asks: Sequence[Ask], *, keep: bool = False, all_of_them: bool = True) -> list[Answer | ModelError]:
        """One answer, or the error in its place, per request. keep: from the kept answers, and into them."""
        keys = [digest(self.scope, ask.path, dict(ask.body or {})) for ask in asks]
        found: list[Answer | ModelError | None] = [self._recalled(key) if keep else None for key in keys]
        wanted = [i for i, answer in enumerate(found) if answer is None]
        if wanted:
            fresh = _carried_out(self._all([asks[i] for i in wanted], [keys[i] if keep else "" for i in wanted],
                                           all_of_them))  # fmt: skip
            for i, answer in zip(wanted, fresh, strict=True):
                found[i] = answer
        return [answer for answer in found if answer is not None]

    def _recalled(self, key: str) -> Answer | None:
        record = self.kept.get(key)
        if record is None:
            return None
        self.spending.add(record["body"], record["seconds"], earlier=True)
        return Answer(record["body"], record["seconds"])

    async def _all(self, asks: Sequence[Ask], keys: Sequence[str], all_of_them: bool) -> list[Answer | ModelError]:
        try:
            import httpx2
        except ModuleNotFoundError as error:
            raise MissingExtra("httpx2", "endpoint") from error
        room = asyncio.Semaphore(self.at_once)
        first: list[ModelError] = []

        async def one(ask: Ask, key: str) -> Answer | ModelError:
            async with room:
                if first and not all_of_them:
                    return first[0]
                try:
                    answer = await self._one(http, ask)
                except ModelError as error:
                    first.append(error)
                    return error
                self.spending.add(answer.body, answer.seconds, earlier=False)
                if key:
                    self.kept.put(key, {"body": answer.body, "seconds": answer.seconds})
                return answer

        limits = httpx2.Limits(max_connections=self.at_once, max_keepalive_connections=self.at_once)
        # Redirects are refused, so a plain address never leads to one whose certificate matters.
        verify = _certificates() if self.base.startswith("https:") else False
        async with httpx2.AsyncClient(timeout=None, limits=limits, verify=verify, follow_redirects=False) as http:
            return list(await asyncio.gather(*(one(ask, key) for ask, key in zip(asks, keys, strict=True))))

    async def _one(self, http: Any, ask: Ask) -> Answer:
        """Attempts until a whole answer, a refusal, or the end of patience.

        Pauses are drawn from 0 to twice as long each time ("full jitter"), on top of what `Retry-After` asks for.
        """
        begun, met = time.monotonic(), Counter[str]()
        for attempt in itertools.count(1):
            started, allowed = time.monotonic(), min(self.patience.seconds_each, self._left(begun))
            try:
                async with asyncio.timeout(allowed):
                    body = await self._attempt(http, ask)
                self.answered = True
                return Answer(body, time.monotonic() - started)
            except TimeoutError:
                fault = _Faulty(f"no answer within {allowed:.3g} s")
            except _Faulty as error:
                fault = error
            self.spending.faults[fault.kind] += 1
            met[fault.kind] += 1
            pause = fault.seconds + self._chance.uniform(0, min(LONGEST_PAUSE, self.patience.pause * 2**attempt))
            if pause >= self._left(begun) or (not self.answered and attempt >= KNOCKS):
                seen = ", ".join(f"{kind} ({count}x)" for kind, count in met.items())
                raise GaveUp(
                    f"endpoint: {self.shown}{ask.path} gave no whole answer in {attempt} attempts: {seen}; what was "
                    "answered before is kept, so that going on repeats none of it",
                    unreachable=not self.answered,
                )
            await asyncio.sleep(pause)
        raise AssertionError

    def _left(self, begun: float) -> float:
        return max(self.patience.seconds_in_all - (time.monotonic() - begun), 0.001)

    async def _attempt(self, http: Any, ask: Ask) -> dict[str, Any]:
        import httpx2

        key = os.environ.get(self.key_from, "") if self.key_from else ""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        parts = urlsplit(self.base)
        url = urlunsplit((parts.scheme, parts.netloc, parts.path + ask.path, parts.query, ""))
        try:
            if ask.body is None:
                response = await http.get(url, headers=headers)
            else:
                response = await http.post(url, headers=headers, json=dict(ask.body))
        except httpx2.InvalidURL as error:
            raise ModelError(f"endpoint: {self.shown} is no address that can be asked") from error
        except httpx2.TransportError as error:
            raise _Faulty(f"{_in_words(type(error).__name__)}") from error
        status = int(response.status_code)
        if status != 200:
            self.answered = True
        if status in AGAIN:
            raise _Faulty(f"status {status}", _retry_after(response.headers.get("Retry-After", "")))
        if status != 200:
            raise Refused(status, _said(response.text, key), f"{self.shown}{ask.path}")
        return _whole(response.content, ask.body is not None, key)


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Read once: it takes longer than many a request."""
    return ssl.create_default_context()


def _whole(content: bytes, wants_choices: bool, key: str) -> dict[str, Any]:
    """The JSON of an answer; one that is cut off, or holds no choices, is a fault that may pass."""
    try:
        body = json.loads(content)
    except ValueError as error:
        raise _Faulty("JSON cut off or malformed") from error
    choices = body.get("choices") if isinstance(body, dict) else None
    has_choices = isinstance(choices, list) and bool(choices) and all(isinstance(c, dict) for c in choices)
    if not isinstance(body, dict) or (wants_choices and not has_choices):
        said = f": {_said(content.decode('utf-8', 'replace'), key)}" if b"error" in content[:200] else ""
        raise _Faulty(f"an answer without choices{said}")
    return body


def _said(text: str, key: str) -> str:
    """What the server says of an error, in one bounded line that holds no credential."""
    try:
        found = json.loads(text)
        error = found.get("error", found.get("message", found.get("detail", text)))
        text = str(error.get("message", error) if isinstance(error, dict) else error)
    except (ValueError, AttributeError):
        pass
    hidden = text.replace(key, HIDDEN) if key else text
    return masked(" ".join(hidden.split())[:300], CREDENTIALS)


def _retry_after(header: str) -> float:
    """Seconds of a `Retry-After` (RFC 9110, 10.2.3): a number, or a date; 0 where it is neither."""
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _in_words(error: str) -> str:
    """ConnectError -> connect error."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in error).strip()


def _carried_out(work: Coroutine[Any, Any, T]) -> T:
    """Runs to the end; where a loop is running already, as in a notebook, on a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
