"""The questions put to an endpoint before it is used: about thirty short requests, none answered from the cache.

Each function takes answers and gives a `Check`; `examined` asks. A request that the server refuses is an answer too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from genbench.core.errors import ModelError
from genbench.models._endpoint_aligning import Unreadable, said_of
from genbench.models._endpoint_asking import ALTERNATIVES, Asking, Found, message_of, model_of, text_of, user
from genbench.models._endpoint_client import Answer, Ask, Client, GaveUp, Refused
from genbench.models._endpoint_prompt_checks import normalized, prompt_checks, sums_of
from genbench.models._endpoint_trust import Behaviour, Check, Trust, Verdict

LONG, SHORT = 24, 12  # tokens


def examined(client: Client, named: str) -> Trust:
    """All checks. Raises `ModelError` where the server cannot be reached, or refuses the key."""
    faults = Counter(client.spending.faults)
    ask = Asking(client, model_of(client, named))
    greedy = ask.all([ask.generate(LONG, temperature=0.0, logprobs=ALTERNATIVES)] * 3)
    told: dict[str, int] = {"logprobs": 1}
    if all(isinstance(found, Refused) for found in greedy):  # perhaps for asking what it does not know
        told = {}
        greedy = ask.all([ask.generate(LONG, temperature=0.0)] * 3)
    completions, chat = _completions(greedy[0]), _chat(ask)
    if completions.verdict != "honoured" and chat.verdict == "honoured":
        ask.chat, told = True, {}
        greedy = ask.all([ask.generate(LONG, temperature=0.0)] * 3)
    seeds = (1, 2, 3, 4, 1)
    drawn = ask.all([ask.generate(SHORT, temperature=1.0, seed=seed, **told) for seed in seeds])
    deterministic = _deterministic(greedy)
    checks = [completions, chat, deterministic, _seed(drawn), _n(ask), _stop(ask, greedy, deterministic)]
    checks += [_usage(greedy[0]), _returned(greedy[0], ask.chat)]
    of_prompts, nats, sums = prompt_checks(ask, drawn)
    checks += [*of_prompts, normalized(ask, [*sums, *sums_of(greedy)])]
    checks.append(_steady(Counter(client.spending.faults) - faults))
    text = text_of(greedy[0]) if deterministic.verdict == "honoured" else ""
    return Trust(client.shown, ask.model, tuple(checks), ask.echo_tokens, ask.limit, Behaviour(nats, text))


def _offers(name: str, found: Found) -> Check:
    """Is there such a thing at all? Raises where the key is refused or nobody answers: no check could say more."""
    if isinstance(found, Answer):
        return Check(name, "honoured", "answers")
    if (isinstance(found, Refused) and found.status == 401) or (isinstance(found, GaveUp) and found.unreachable):
        raise found
    return Check(name, "ignored" if isinstance(found, Refused) else "cannot tell", str(found))


def _completions(found: Found) -> Check:
    check = _offers("completions", found)
    if check.verdict != "honoured":
        return check
    return Check("completions", "honoured", f"continues a text by {len(text_of(found))} characters")


def _chat(ask: Asking) -> Check:
    """Does chat answer with a text? Some models want the limit by its newer name."""
    for ask.limit in ("max_tokens", "max_completion_tokens"):
        body = {"model": ask.model, "messages": [user("Say hello.")], ask.limit: SHORT}
        (found,) = ask.all([Ask("/chat/completions", body)])
        if not (isinstance(found, Refused) and "max_completion_tokens" in found.said):
            break
    check = _offers("chat", found)
    if check.verdict != "honoured":
        return check
    said = message_of(found)
    if said is None:
        return Check("chat", "wrong", "the answer's message holds no text")
    return Check("chat", "honoured", f"answers with {len(said)} characters")


def _deterministic(greedy: Sequence[Found]) -> Check:
    """One greedy request, made three times at once."""
    texts = [text_of(found) for found in greedy if isinstance(found, Answer)]
    if len(texts) < 2:
        return Check("deterministic", "cannot tell", "no two answers at temperature 0")
    if len(set(texts)) > 1:
        return Check("deterministic", "wrong", f"temperature 0 gave {len(set(texts))} texts in {len(texts)} requests")
    return Check("deterministic", "honoured", f"temperature 0 gave the same text {len(texts)} times")


def _seed(drawn: Sequence[Found]) -> Check:
    """One seed must give one text, other seeds other texts."""
    if not all(isinstance(found, Answer) for found in drawn):
        return Check("seed", "cannot tell", _error(drawn))
    texts = [text_of(found) for found in drawn]
    if texts[0] != texts[4]:
        return Check("seed", "ignored", "seed 1 gave two different texts")
    if len(set(texts[:4])) == 1:
        return Check("seed", "cannot tell", "seeds 1 to 4 gave the same text: chance shows nowhere")
    return Check("seed", "honoured", f"seed 1 gave one text twice, seeds 1 to 4 gave {len(set(texts[:4]))} texts")


def _n(ask: Asking) -> Check:
    (found,) = ask.all([ask.generate(4, temperature=1.0, n=2, seed=1)])
    if isinstance(found, ModelError):
        return Check("n", "ignored" if isinstance(found, Refused) else "cannot tell", str(found))
    got = len(found.body["choices"])
    seen = f"asked for 2 choices, got {got}"
    return Check("n", "honoured" if got == 2 else "ignored" if got == 1 else "wrong", seen)


def _stop(ask: Asking, greedy: Sequence[Found], deterministic: Check) -> Check:
    """The greedy text again, stopped at letters it is known to hold: it must end just before them."""
    text = text_of(greedy[0])
    words = [w for w in (*text.split()[1:], text[len(text) // 2 :][:3].strip()) if w and text.find(w) > 0]
    if deterministic.verdict != "honoured" or not words:
        return Check("stop", "cannot tell", "there is no text at temperature 0 that would come again")
    word = words[(len(words) - 1) // 2]
    (found,) = ask.all([ask.generate(LONG, temperature=0.0, stop=[word])])
    if isinstance(found, ModelError):
        return Check("stop", "ignored" if isinstance(found, Refused) else "cannot tell", str(found))
    got, wanted = text_of(found), text[: text.find(word)]
    if got.rstrip() == wanted.rstrip():
        return Check("stop", "honoured", f"a text that holds {word!r} ended before it")
    if word in got and len(got) >= len(text):
        return Check("stop", "ignored", f"the text went on past {word!r}")
    seen = f"stopped at {word!r}, the text should have {len(wanted)} characters and has {len(got)}"
    return Check("stop", "wrong", seen)


def _usage(found: Found) -> Check:
    if isinstance(found, ModelError):
        return Check("usage", "cannot tell", str(found))
    usage = found.body.get("usage")
    if not isinstance(usage, Mapping) or not isinstance(usage.get("prompt_tokens"), int):
        return Check("usage", "ignored", "tokens are not counted in the answer, so cost cannot be")
    given, made = usage["prompt_tokens"], usage.get("completion_tokens")
    seen = f"{given} prompt and {made} completion tokens for an answer of at most {LONG}"
    plausible = given > 0 and isinstance(made, int) and 0 <= made <= LONG
    return Check("usage", "honoured" if plausible else "wrong", seen)


def _returned(found: Found, chat: bool) -> Check:
    """Log-probs of generated tokens."""
    if chat or isinstance(found, ModelError):
        return Check("log-probs", "cannot tell", "not asked for in a chat" if chat else str(found))
    try:
        _, nats = said_of(found.body["choices"][0])
    except Unreadable as error:
        return Check("log-probs", "ignored", str(error))
    known = [x for x in nats if x is not None]
    if len(known) < len(nats):
        return Check("log-probs", "wrong", f"{len(nats) - len(known)} of {len(nats)} generated tokens have none")
    return Check("log-probs", "honoured", f"{len(nats)} generated tokens have one each")


def _steady(faults: Mapping[str, int]) -> Check:
    """Attempts that failed while these questions were put. A rate limit is no fault: it was waited for."""
    if not faults:
        return Check("steady", "honoured", "every request was answered at the first attempt")
    seen = "; ".join(f"{kind}: {count}" for kind, count in sorted(faults.items()))
    verdict: Verdict = "honoured" if set(faults) <= {"status 429"} else "wrong"
    return Check("steady", verdict, f"attempts that had to be made again: {seen}")


def _error(found: Sequence[Found]) -> str:
    return next(str(one) for one in found if isinstance(one, ModelError))
