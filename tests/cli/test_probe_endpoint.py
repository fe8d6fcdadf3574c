"""`genbench probe-endpoint` as a person and as a CI job meet it."""

import json

import pytest

pytest.importorskip("transformers")
pytest.importorskip("httpx2")

from models.openai_server import Model, Serving, tiny_folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return Model(tiny_folder(tmp_path_factory.mktemp("tiny")))


def test_an_honest_server_is_trusted_with_everything(genbench, tiny):
    with Serving("", model=tiny) as server:
        told = genbench("probe-endpoint", server.url.removesuffix("/v1"))
    assert told.code == 0
    assert told.err == ""
    lines = told.out.splitlines()
    assert lines[0] == f"tiny at {server.url}"
    rows = {line.split("  ")[0]: line for line in lines}
    assert "honoured" in rows["aligned"]
    assert rows["scoring"].endswith("yes")
    assert "completion tokens in" in lines[-1]


def test_a_server_that_is_off_by_one_fails_where_scoring_is_needed_and_not_where_it_is_not(genbench, tiny):
    with Serving("", "off by one", model=tiny) as server:
        assert genbench("probe-endpoint", server.url).code == 1
        assert genbench("probe-endpoint", server.url, "--need", "scoring").code == 1
        told = genbench("probe-endpoint", server.url, "--need", "sampling", "--need", "dialogue")
    assert told.code == 0
    assert "off by 1: the log-prob beside each token" in told.out


def test_json_holds_every_check_what_each_use_lacks_and_what_it_took(genbench, tiny):
    with Serving("", "ignores n", "no chat", model=tiny) as server:
        told = genbench("probe-endpoint", server.url, "--json")
    found = json.loads(told.out)
    assert told.code == found["exit_code"] == 1
    verdicts = {check["name"]: check["verdict"] for check in found["checks"]}
    assert (verdicts["n"], verdicts["chat"], verdicts["aligned"]) == ("ignored", "ignored", "honoured")
    assert found["uses"]["scoring"] == "yes"
    assert "404" in found["uses"]["dialogue"]
    assert found["spent"]["requests"] > 20


def test_what_cannot_be_told_is_three(genbench, tiny):
    """At temperature 0.7 where 0 was asked for, nothing comes twice."""
    with Serving("", "no usage", model=tiny) as server:
        assert genbench("probe-endpoint", server.url).code == 1
        assert genbench("probe-endpoint", server.url, "--need", "scoring").code == 0
    with Serving("", "nondeterministic", model=tiny) as server:
        told = json.loads(genbench("probe-endpoint", server.url, "--json", "--need", "sampling").out)
    assert told["exit_code"] == 0


def test_no_answer_is_four_and_a_wrong_address_or_key_two(genbench, tiny, monkeypatch):
    told = genbench("probe-endpoint", "http://127.0.0.1:9", "--seconds", "2")
    assert told.code == 4
    assert "connect error" in told.err
    assert genbench("probe-endpoint", "localhost:8000").code == 2
    monkeypatch.setenv("OPENAI_API_KEY", "wrong-Zq81")
    with Serving("", key="right", model=tiny) as server:
        told = genbench("probe-endpoint", server.url)
    assert told.code == 2
    assert "401" in told.err
    assert "wrong-Zq81" not in told.err + told.out
