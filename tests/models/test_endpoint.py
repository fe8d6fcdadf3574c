"""The `endpoint` family against a real server on this machine, right and wrong in each way that has been met."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genbench.core.chance import sample_seeds
from genbench.core.errors import ModelError, NotApplicable
from genbench.core.model import Completer, Conditional, Converses, Density, Message, Remote, Sampler
from genbench.core.secrets import shown_url
from genbench.models._endpoint_client import Client, GaveUp, Patience, Refused, base_of
from genbench.models._endpoint_spending import Spending
from genbench.models._endpoint_trust import Behaviour, Trust, worst
from genbench.models.endpoint import Endpoint
from genbench.models.hf import Hf
from genbench.probes.quality.perplexity import perplexity

pytest.importorskip("transformers")
pytest.importorskip("httpx2")

from models.openai_server import Model, Serving, tiny_folder

ROOT = Path(__file__).parents[2]
STORIES = ROOT / ".." / "shared" / "data" / "stories260K"
TEXTS = [
    "Once upon a time, there was a little dog.", "Hi", "", "The cat sat on a mat. " * 6, "two  spaces   here\n\nlines ",
]  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(tiny_folder(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="module")
def folder(tiny: Model) -> str:
    return str(tiny.net.name_or_path)


@pytest.fixture
def serving(tiny: Model) -> Any:
    """Starts servers over the one tiny model; they end with the test."""
    open_: list[Serving] = []

    def start(*faults: str, key: str = "") -> Serving:
        server = Serving("", *faults, key=key, model=tiny).__enter__()
        open_.append(server)
        return server

    yield start
    for server in open_:
        server.__exit__()


@pytest.fixture(scope="module")
def known(tiny: Model) -> Trust:
    """What an honest server over the tiny model is found to be, for tests of other things than the finding."""
    with Serving("", model=tiny) as server:
        return Endpoint(url=server.url).trust


@pytest.fixture
def trusted(serving: Any, known: Trust) -> Callable[..., tuple[Serving, Endpoint]]:
    """An honest server, and an endpoint that has examined it already."""

    def made(**settings: Any) -> tuple[Serving, Endpoint]:
        server = serving()
        endpoint = Endpoint(url=server.url, **settings)
        endpoint._trust = known
        return server, endpoint

    return made


def hasty(endpoint: Endpoint, each: float = 30.0) -> Endpoint:
    """The endpoint with short pauses, so that a test of retries does not take long."""
    endpoint.client.patience = Patience(each, 60.0, 0.01)
    return endpoint


def test_it_can_do_what_it_says(serving: Callable[..., Serving]) -> None:
    endpoint = Endpoint(url=serving().url)
    for capability in (Sampler, Density, Conditional, Completer, Converses, Remote):
        assert isinstance(endpoint, capability)


@pytest.mark.parametrize("fault", ["", "refuses max_tokens 0"])
def test_log_probabilities_are_those_of_the_local_model(serving: Any, folder: str, fault: str) -> None:
    found, wanted = Endpoint(url=serving(fault).url).log_prob(TEXTS), Hf(path=folder).log_prob(TEXTS)
    np.testing.assert_allclose(found.nats, wanted.nats, atol=1e-4)
    assert {unit: n.tolist() for unit, n in found.counts.items()} == {u: n.tolist() for u, n in wanted.counts.items()}
    assert found.facts["bos"] == "given, not scored"


def test_perplexity_through_the_endpoint_is_that_of_the_local_model(tmp_path: Path) -> None:
    """stories260K, whose SentencePiece tokens lose their spaces on the way."""
    if not STORIES.is_dir():
        pytest.skip("stories260K is not here")
    spec = importlib.util.spec_from_file_location("convert_llama2c", ROOT / "benchmarks" / "convert_llama2c.py")
    assert spec is not None
    assert spec.loader is not None
    convert = importlib.util.module_from_spec(spec)
    sys.modules["convert_llama2c"] = convert
    spec.loader.exec_module(convert)
    path = str(convert.convert(STORIES / "stories260K.bin", STORIES / "tok512.bin", tmp_path / "stories"))
    texts = [*TEXTS[:2], *TEXTS[3:], "One day, Tom and his mom went to the park.", "A café ☃ \U0001f600."]
    with Serving(path) as server:
        endpoint = Endpoint(url=server.url)
        assert worst(endpoint.trust.checks) == 0, endpoint.trust.checks
        found, wanted = perplexity(endpoint.log_prob(texts)), perplexity(Hf(path=path).log_prob(texts))
    for metric in ("bits_per_byte", "token_perplexity", "word_perplexity"):
        assert found[metric].value == pytest.approx(wanted[metric].value, abs=1e-4, rel=1e-6)


def test_a_continuation_is_scored_given_its_context(trusted: Any, tiny: Model) -> None:
    """The last one's first token, " h", reaches from the context into the continuation."""
    pairs = [("The cat", " sat on a mat."), ("", "A dog"), ("One day, ", "he saw it")]
    found = trusted()[1].log_prob_given([c for c, _ in pairs], [t for _, t in pairs])
    for i, (context, text) in enumerate(pairs):
        whole = tiny.encoded(context + text)
        ends = tiny.tokenizer(context + text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        begin = 1 + next(place for place, (_, end) in enumerate(ends) if end > len(context))  # behind the start token
        shares = tiny.log_probs(whole)
        wanted = sum(float(shares[place - 1, whole[place]]) for place in range(begin, len(whole)))
        assert found.nats[i] == pytest.approx(wanted, abs=1e-6)
        assert found.counts["token"][i] == len(whole) - begin
    assert found.counts["byte"].tolist() == [len(text) for _, text in pairs]


def test_a_continuation_is_cut_from_its_context_as_the_local_model_cuts_it(trusted: Any, folder: str) -> None:
    pairs = [("The cat", " sat on a mat."), ("", "A dog"), ("One day,  ", "he saw it"), ("A \n", "dog"), ("A", "")]
    contexts, texts = [c for c, _ in pairs], [t for _, t in pairs]
    found = trusted()[1].log_prob_given(contexts, texts)
    wanted = Hf(path=folder).log_prob_given(contexts, texts)
    np.testing.assert_allclose(found.nats, wanted.nats, atol=1e-4)
    # whether each token is the likeliest, a server does not say
    known = {unit: n.tolist() for unit, n in wanted.counts.items() if unit != "likeliest"}
    assert {unit: n.tolist() for unit, n in found.counts.items()} == known


def test_a_start_is_given_and_not_scored(trusted: Any) -> None:
    given = trusted(start="Once upon a time")[1].log_prob([" there was"])
    assert given.nats == pytest.approx(trusted()[1].log_prob_given(["Once upon a time"], [" there was"]).nats)
    assert given.facts["bos"] == "the context before it, given"


def test_samples_completions_and_replies_depend_on_their_seeds_alone(serving: Any, trusted: Any) -> None:
    _, endpoint = trusted(longest=8, start="The dog")
    seeds = sample_seeds(0, 4)
    together = endpoint.sample(seeds)
    assert together == [endpoint.sample([seed])[0] for seed in seeds]
    assert len(set(together)) == 4
    assert endpoint.complete([" ran"] * 2, seeds[:2]) != together[:2]
    said = endpoint.reply([[Message("system", "Be kind."), Message("user", "Hello")]] * 2, seeds[:2])
    assert len(set(said)) == 2
    chat = Endpoint(url=serving("chat only").url, api="chat", longest=8)
    assert all(isinstance(text, str) for text in chat.complete(["Hello", "Hi"], [1, 2]))


# What each wrong server must be caught at, and which uses it loses.
CAUGHT = {
    "off by one": ("aligned", "wrong", "next token", {"scoring"}),
    "late by one": ("aligned", "wrong", "token before", {"scoring"}),
    "ignores logprobs": ("log-probs", "ignored", "no log-probs were returned", {"scoring"}),
    "no prompt log-probs": ("prompt log-probs", "ignored", "no log-probs were returned", {"scoring"}),
    "ignores echo": ("echo", "ignored", "does not come back", {"scoring"}),
    "llama.cpp": ("echo", "ignored", "does not come back", {"scoring"}),
    "unnormalized": ("normalized", "wrong", "adds? up to", {"scoring"}),
    "too small": ("normalized", "wrong", "adds up to 0.1353", {"scoring"}),
    "nondeterministic": ("repeatable log-probs", "wrong", "differ by at most", {"scoring"}),
    "ignores n": ("n", "ignored", "asked for 2 choices, got 1", set()),
    "ignores seed": ("seed", "ignored", "two different texts", set()),
    "ignores stop": ("stop", "ignored", "went on past", set()),
    "no usage": ("usage", "ignored", "not counted", set()),
    "no chat": ("chat", "ignored", "404: no /chat/completions", {"dialogue"}),
    "chat only": ("completions", "ignored", "404: no /completions", {"scoring", "sampling"}),
    "500": ("steady", "wrong", "status 500", set()),
    "truncated": ("steady", "wrong", "JSON cut off", set()),
    "429": ("steady", "honoured", "status 429", set()),
}


@pytest.mark.parametrize("fault", CAUGHT)
def test_a_server_that_is_wrong_is_caught_and_named(serving: Any, fault: str) -> None:
    name, verdict, seen, lost = CAUGHT[fault]
    server = serving(fault)
    endpoint = hasty(Endpoint(url=server.url))
    check = endpoint.trust.check(name)
    assert check.verdict == verdict
    assert re.search(seen, check.seen)
    assert {use for use in ("scoring", "sampling", "dialogue") if endpoint.trust.lacking(use)} == lost
    asked = sum(server.answers.values())
    if "scoring" in lost:
        for score in (lambda: endpoint.log_prob(["a b"]), lambda: endpoint.log_prob_given(["a"], [" b"])):
            with pytest.raises(NotApplicable, match="cannot be trusted with scoring"):
                score()
        assert sum(server.answers.values()) == asked  # it is not even asked


def test_log_probs_spelled_as_in_a_chat_are_read_as_such(serving: Any) -> None:
    trust = Endpoint(url=serving("llama.cpp").url).trust
    assert trust.check("log-probs").verdict == "honoured"
    assert trust.check("normalized").verdict == "honoured"
    assert "whole vocabulary is not given" in trust.check("normalized").seen


def test_an_honest_server_passes_every_check(serving: Any) -> None:
    trust = Endpoint(url=serving().url).trust
    assert {check.name: check.verdict for check in trust.checks if check.verdict != "honoured"} == {}
    assert worst(trust.checks) == 0
    assert Trust.from_plain(trust.plain()) == trust


def test_an_attempt_waits_at_least_as_long_as_the_server_asks(trusted: Any, folder: str) -> None:
    server, endpoint = trusted()
    server.faults.add("429")
    found = hasty(endpoint).log_prob(TEXTS)
    assert server.waited == endpoint.spending.faults["status 429"] == 4
    assert server.too_early == 0
    np.testing.assert_allclose(found.nats, Hf(path=folder).log_prob(TEXTS).nats, atol=1e-4)


def test_a_server_that_stalls_is_given_up_on_in_time_and_asked_again(trusted: Any, folder: str) -> None:
    server, endpoint = trusted()
    server.faults.add("stalls")
    hasty(endpoint, each=2.0)
    found = endpoint.log_prob(TEXTS)
    assert endpoint.spending.faults["no answer within 2 s"] >= 1
    np.testing.assert_allclose(found.nats, Hf(path=folder).log_prob(TEXTS).nats, atol=1e-4)


def test_nothing_already_scored_is_lost_when_a_server_breaks_down(serving: Any, folder: str, tmp_path: Path) -> None:
    texts = [f"There were {i} dogs." for i in range(20)]
    server = serving()
    endpoint = Endpoint(url=server.url, at_once=1)
    endpoint.keep_in(tmp_path)
    assert endpoint.trust.lacking("scoring") == ""
    checked = sum(server.answers.values())
    server.broken_after = checked + 7
    with pytest.raises(Refused, match="501: out of order"):
        endpoint.log_prob(texts)
    server.broken_after = None
    again = Endpoint(url=server.url, at_once=3)  # as a new process would
    again.keep_in(tmp_path)
    assert again.identity() == endpoint.identity()
    asked = len(server.bodies)
    found = again.log_prob(texts)
    fresh = [body["prompt"] for body in server.bodies[asked:]]
    assert sorted(fresh) == sorted(texts[7:])
    assert again.spending.earlier == 7
    np.testing.assert_allclose(found.nats, Hf(path=folder).log_prob(texts).nats, atol=1e-4)


def test_patience_ends_and_says_what_it_met(trusted: Any) -> None:
    server, endpoint = trusted()
    server.broken_after, server.broken_status = 0, 500
    endpoint.client.patience = Patience(30.0, 1.0, 0.01)
    with pytest.raises(GaveUp, match=r"gave no whole answer in \d+ attempts: .*\(\d+x\).* what was answered before"):
        endpoint.log_prob(["The dog"])
    assert sum(endpoint.spending.faults.values()) >= 1


def test_what_was_scored_can_be_read_again_while_the_server_is_away(tiny: Model, tmp_path: Path) -> None:
    with Serving("", model=tiny) as server:
        endpoint = Endpoint(url=server.url)
        endpoint.keep_in(tmp_path)
        wanted = endpoint.log_prob(TEXTS).nats
        url = server.url
    away = hasty(Endpoint(url=url))
    away.keep_in(tmp_path)
    assert away.identity() == endpoint.identity()
    assert away.log_prob(TEXTS).nats.tolist() == wanted.tolist()
    with pytest.raises(GaveUp, match="connect"):
        away.log_prob(["something new"])
    with pytest.raises(GaveUp, match="connect"):
        hasty(Endpoint(url=url)).identity()


def test_another_model_behind_the_same_address_is_not_served_the_first_ones_answers(
    serving: Any, tiny: Model, tmp_path: Path
) -> None:
    import copy

    import torch

    server = serving()
    first = Endpoint(url=server.url)
    first.keep_in(tmp_path)
    before = first.log_prob(["The dog"]).nats
    server.model = copy.copy(tiny)
    server.model.net, server.model.read = copy.deepcopy(tiny.net), {}
    with torch.no_grad():
        for weight in server.model.net.parameters():
            weight.add_(0.05 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)))
    second = Endpoint(url=server.url)
    second.keep_in(tmp_path)
    assert second.identity() != first.identity()
    assert abs(float(second.log_prob(["The dog"]).nats[0] - before[0])) > 1e-3
    server.model = tiny
    back = Endpoint(url=server.url)
    back.keep_in(tmp_path)
    assert back.identity() == first.identity()


def test_rounding_is_no_other_model_and_other_numbers_are() -> None:
    a = Behaviour((-1.0, -2.0), "x")
    assert a.same_as(Behaviour((-1.01, -2.02), "y"))
    assert not a.same_as(Behaviour((-1.0, -2.3), "x"))
    assert not a.same_as(Behaviour((-1.0,), "x"))
    assert not Behaviour((), "x").same_as(Behaviour((), "y"))
    assert Behaviour().same_as(a) is None
    assert Behaviour((-1.0,), "").same_as(Behaviour((), "x")) is None


def test_a_server_that_shows_nothing_to_compare_is_taken_for_the_same_for_a_day_and_says_so(
    serving: Any, tmp_path: Path
) -> None:
    server = serving("chat only", "nondeterministic")

    def session() -> Endpoint:
        endpoint = Endpoint(url=server.url, api="chat", longest=4)
        endpoint.keep_in(tmp_path)
        endpoint.complete(["The dog"], [1])
        return endpoint

    def said(endpoint: Endpoint) -> tuple[str, str]:
        check = endpoint.vouched()["checks"][-1]
        assert check["name"] == "identity"
        return check["verdict"], check["seen"]

    first, resumed = session(), session()
    assert first.trust.behaviour == Behaviour()
    assert (first.spending.earlier, resumed.spending.earlier) == (0, 1)
    assert resumed.identity() == first.identity()
    assert said(first)[0] == said(resumed)[0] == "cannot tell"
    assert "could not be verified" in said(resumed)[1]
    (record,) = (tmp_path / "endpoints").rglob("*.json")

    def aged(hours: float) -> None:
        kept = json.loads(record.read_text())
        for one in kept:
            one["sure"] -= hours * 3600
        record.write_text(json.dumps(kept))

    aged(23)
    assert session().identity() == first.identity()
    aged(2)  # twenty-five hours since the first: its use in between has made it no surer
    later = session()
    assert later.identity() != first.identity()
    assert later.spending.earlier == 0
    kept = json.loads(record.read_text())
    for one in kept:  # as kept before there was a time
        del one["sure"]
    record.write_text(json.dumps(kept))
    assert session().identity() not in {first.identity(), later.identity()}


def test_a_server_that_shows_its_log_probs_is_known_again_however_late(serving: Any, tmp_path: Path) -> None:
    server, found = serving(), []
    for _ in range(2):
        endpoint = Endpoint(url=server.url)
        endpoint.keep_in(tmp_path)
        found.append((endpoint.identity(), endpoint.vouched()["checks"][-1]["verdict"]))
        (record,) = (tmp_path / "endpoints").rglob("*.json")
        kept = json.loads(record.read_text())
        record.write_text(json.dumps([{**one, "sure": 0.0} for one in kept]))
    assert found[0] == found[1]
    assert found[0][1] == "honoured"


def test_the_key_comes_from_the_environment_and_is_nowhere_else(
    serving: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "very-private-Zq81"
    server = serving(key=key)
    monkeypatch.setenv("MY_KEY", key)
    endpoint = Endpoint(url=server.url, key_from="MY_KEY")
    endpoint.keep_in(tmp_path)
    endpoint.log_prob(["The dog"])
    assert set(server.keys) == {f"Bearer {key}"}
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert len(kept) > 100
    assert key.encode() not in kept
    told = [str(endpoint.vouched()), str(endpoint.spent()), endpoint.elsewhere(), repr(vars(endpoint.client))]
    assert not any(key in text for text in told)
    monkeypatch.setenv("MY_KEY", key + "-wrong")
    with pytest.raises(Refused, match="401") as caught:
        Endpoint(url=server.url, key_from="MY_KEY").identity()
    assert key not in str(caught.value)  # though the server repeats it
    with pytest.raises(ModelError, match="never the key itself") as caught_too:
        Endpoint(url=server.url, key_from="sk-abc")
    assert "sk-abc" not in str(caught_too.value)


def test_an_address_is_completed_and_shown_without_its_credentials() -> None:
    assert base_of("http://localhost:8000") == base_of("http://localhost:8000/v1/") == "http://localhost:8000/v1"
    assert base_of("https://h/openai/v1/chat/completions") == "https://h/openai/v1"
    assert "pw" not in shown_url("https://me:pw@h:8/v1")
    assert "abc" not in shown_url("https://h/v1?api_key=abc")
    for wrong in ("localhost:8000", "ftp://h/v1", "http://", "http://h:port/v1"):
        with pytest.raises(ModelError):
            base_of(wrong)


def test_tokens_cost_and_latency_are_counted_and_money_only_where_it_is_known(serving: Any, trusted: Any) -> None:
    server, endpoint = trusted(price_in=2.0, price_out=10.0)
    before = endpoint.spent()
    endpoint.log_prob(["The dog", "A cat ran"])
    after = endpoint.spent()
    given = len(endpoint_tokens(server, "The dog")) + len(endpoint_tokens(server, "A cat ran"))
    assert after["prompt tokens"] - before["prompt tokens"] == given
    assert after["completion tokens"] == before["completion tokens"]
    assert after["cost"] - before["cost"] == pytest.approx(given * 2.0 / 1e6)
    assert after["requests"] - before["requests"] == 2
    assert endpoint.elsewhere().startswith("not measurable here: the model runs at http://127.0.0.1")
    endpoint.log_prob(["The dog"])
    assert endpoint.spent()["requests"] == after["requests"]
    assert endpoint.spent()["requests answered from the cache"] == 1
    unknown = Endpoint(url=serving("no usage").url, price_in=2.0, price_out=10.0)
    unknown.log_prob(["The dog"])
    assert unknown.spent()["cost"] is None
    assert "at least 0 prompt" in unknown.elsewhere()


def endpoint_tokens(server: Serving, text: str) -> list[int]:
    return server.model.encoded(text)


def test_a_text_too_long_for_the_server_is_refused_in_its_own_words(trusted: Any) -> None:
    with pytest.raises(Refused, match="maximum context length"):
        trusted()[1].log_prob(["word " * 400])


def test_after_one_request_that_cannot_be_had_no_more_are_begun(trusted: Any) -> None:
    server, endpoint = trusted(at_once=2)
    asked = len(server.bodies)
    with pytest.raises(Refused):
        endpoint.log_prob(["word " * 400, *[f"dog {i}" for i in range(40)]])
    assert len(server.bodies) - asked <= 4


def test_it_works_where_a_loop_is_running_as_in_a_notebook(trusted: Any) -> None:
    _, endpoint = trusted()

    async def cell() -> float:
        return float(endpoint.log_prob(["The dog"]).nats[0])

    assert asyncio.run(cell()) == pytest.approx(float(endpoint.log_prob(["The dog"]).nats[0]))


def test_several_models_must_be_told_apart_by_name(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from genbench.models._endpoint_asking import model_of
    from genbench.models._endpoint_client import Answer

    client = Client("http://localhost:1", "", Patience(), 1, Spending())
    listed = {"data": [{"id": "a"}, {"id": "b"}]}
    monkeypatch.setattr(client, "tried", lambda asks: [Answer(listed, 0.0)])
    with pytest.raises(ModelError, match="lists 2 models, a, b; name one as `model`"):
        model_of(client, "")
    assert model_of(client, "b") == "b"
