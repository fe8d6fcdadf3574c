"""A chatbot made of a model that completes, and of one that chats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genbench.core.errors import MissingExtra, ModelError, UnknownName
from genbench.core.model import Completer, Converses, Density, Message, Placeable, Remote, Sampler
from genbench.models.dialogue import TEMPLATES, Dialogue

pytest.importorskip("transformers")

from models.openai_server import Model, Serving, tiny_folder

TALK = [Message("user", "Hello."), Message("assistant", "Hi!"), Message("user", "Who are you?")]


class Parrot:
    """Continues a prompt with the prompt itself between marks, so that a test sees what it was given."""

    def complete(self, prompts: Any, seeds: Any) -> list[str]:
        return [f" <{prompt}|{seed}>" for prompt, seed in zip(prompts, seeds, strict=True)]

    def identity(self) -> str:
        return "parrot"


class Babbler:
    """Goes on to speak for the user as well."""

    def complete(self, prompts: Any, seeds: Any) -> list[str]:
        return [" I am a dog.\nUser: Are you?\nAssistant: Yes." for _ in prompts]


class Dumb:
    def sample(self, seeds: Any) -> list[str]:
        return ["woof" for _ in seeds]


def of(name: str, **settings: Any) -> Dialogue:
    return Dialogue(of="python", settings={"object": f"models.test_dialogue:{name}"}, **settings)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(tiny_folder(tmp_path_factory.mktemp("tiny")))


def test_a_conversation_is_written_out_with_the_system_prompt_in_front() -> None:
    (said,) = of("Parrot", system="Be brief.").reply([TALK], [7])
    assert said == "<Be brief."  # cut where the user's next line would begin
    roles = "{{ messages | map(attribute='role') | join(',') }} {{ messages[-1].content }}"
    (said,) = of("Parrot", system="Be brief.", template=roles).reply([TALK], [7])
    assert said == "<system,user,assistant,user Who are you?|7>"
    (said,) = of("Parrot", template="chatml").reply([[TALK[0]]], [7])
    assert said == "<"
    prompt = of("Parrot", template="chatml")._prompt(TALK[:1])
    assert prompt == "<|im_start|>user\nHello.<|im_end|>\n<|im_start|>assistant\n"
    assert (
        of("Parrot")._prompt([Message("system", "S."), *TALK])
        == "S.\nUser: Hello.\nAssistant: Hi!\nUser: Who are you?\nAssistant:"
    )


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_ends_where_the_assistant_speaks_and_holds_each_line_once(name: str) -> None:
    prompt = of("Parrot", template=name)._prompt([Message("system", "Be kind."), *TALK])
    assert all(prompt.count(line) == 1 for line in ("Be kind.", "Hello.", "Hi!", "Who are you?"))
    last = prompt[prompt.rindex("Who are you?") :]
    assert "assistant" in last.lower()
    assert all(stop.strip() for stop in TEMPLATES[name].stops)


def test_a_reply_ends_where_the_model_begins_to_speak_for_the_user() -> None:
    assert of("Babbler").reply([TALK], [0]) == ["I am a dog."]
    assert of("Babbler", stops=["dog"]).reply([TALK], [0]) == ["I am a"]
    assert of("Babbler").complete(["Who are you?"], [0]) == ["I am a dog."]


def test_a_model_that_chats_is_asked_in_messages(tiny: Model) -> None:
    pytest.importorskip("httpx2")
    with Serving("", model=tiny) as server:
        bot = Dialogue(of="endpoint", settings={"url": server.url, "longest": 6}, system="Be kind.")
        first, again = bot.reply([TALK], [3]), bot.reply([TALK], [3])
        asked = [body for body in server.bodies if body.get("messages", [{}])[0].get("role") == "system"]
        assert isinstance(bot, Remote)
        assert bot.elsewhere().startswith("not measurable here")
        assert bot.identity() == Dialogue(of="endpoint", settings={"url": server.url}).identity()
    assert first == again
    assert asked[0]["messages"] == [
        {"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Hi!"}, {"role": "user", "content": "Who are you?"},
    ]  # fmt: skip


def test_a_local_model_converses_and_moves_as_it_can(tiny: Model) -> None:
    bot = Dialogue(of="hf", settings={"path": str(tiny.net.name_or_path), "longest": 6, "temperature": 0.0})
    for capability in (Converses, Completer, Placeable):
        assert isinstance(bot, capability)
    for capability in (Density, Sampler, Remote):
        assert not isinstance(bot, capability)
    bot.place("cpu")
    (said,) = bot.reply([TALK], [0])
    wanted = bot.model.complete(["User: Hello.\nAssistant: Hi!\nUser: Who are you?\nAssistant:"], [0])[0]
    assert said == wanted.partition("\nUser:")[0].partition("\nAssistant:")[0].strip()


def test_the_identity_is_of_the_model_within() -> None:
    assert of("Parrot").identity() == of("Parrot").identity() != of("Babbler").identity()


def test_what_cannot_be_a_chatbot_is_refused_by_name() -> None:
    refusals = {
        "has no setting 'pth'; did you mean 'path'": {"of": "hf", "settings": {"pth": "x"}},
        "needs the setting 'url'": {"of": "endpoint"},
        "ngram is trained here": {"of": "ngram"},
        "neither chats nor completes": {"of": "python", "settings": {"object": "models.test_dialogue:Dumb"}},
        "no template is named 'chatlm'; did you mean 'chatml'": {
            "of": "python", "settings": {"object": "models.test_dialogue:Parrot"}, "template": "chatlm",
        },
        "template is malformed": {
            "of": "python", "settings": {"object": "models.test_dialogue:Parrot"}, "template": "{% for %}",
        },
        "a dialogue of a dialogue": {"of": "dialogue", "settings": {"of": "hf"}},
    }  # fmt: skip
    for said, settings in refusals.items():
        with pytest.raises(ModelError, match=said):
            Dialogue(**settings)
    with pytest.raises(UnknownName, match="endpoint"):
        Dialogue(of="endpont")


def test_a_template_that_refuses_or_loses_a_message_is_told() -> None:
    strict = "{% if messages[0].role == 'system' %}{{ raise_exception('no system message') }}{% endif %}"
    with pytest.raises(ModelError, match="no system message"):
        of("Parrot", system="Be kind.", template=strict).reply([TALK], [0])
    with pytest.raises(ModelError, match="leaves out the last message"):
        of("Parrot", template="{{ messges }}").reply([TALK], [0])


def test_a_template_cannot_reach_python(tmp_path: Path) -> None:
    bot = of("Parrot", template="{{ messages.__class__.__mro__[1].__subclasses__() }}")
    with pytest.raises(ModelError, match="template fails: SecurityError"):
        bot.reply([TALK], [0])


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "httpx2", None)
    bot = Dialogue(of="endpoint", settings={"url": "http://127.0.0.1:9"})
    with pytest.raises(MissingExtra, match=r"pip install 'genbench\[endpoint\]'"):
        bot.identity()
