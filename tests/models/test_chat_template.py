"""A checkpoint's own chat template: its tokens are those of transformers, its replies those of a plain loop."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from genbench.core.errors import ModelError
from genbench.core.model import Message
from genbench.models._chat_template import ChatTemplate, template_at_hand
from genbench.models._checkpoint import Source
from genbench.models.dialogue import Dialogue
from genbench.models.hf import Hf
from genbench.run.overlooked import overlooked
from genbench.run.plan import make_plan
from genbench.run.suite import Suite

transformers = pytest.importorskip("transformers")

from models.openai_server import tiny_folder  # noqa: E402

MARKED = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
TEMPLATES = {
    "without BOS": MARKED,
    "with BOS": "{{ bos_token }}" + MARKED,
    "dated": "{{ bos_token }}{{ strftime_now('%d %b %Y, %A, %H:%M') }}\n" + MARKED,
    "strict": "{% if messages[0].role == 'system' %}{{ raise_exception('no system here') }}{% endif %}" + MARKED,
    "prying": "{{ messages.__class__.__mro__[1].__subclasses__() }}",
    "deaf": "{{ bos_token }}{{ messages[0].content }}",
}
TALK = [Message("user", "Hello."), Message("assistant", "Hi!"), Message("user", "Who are you?")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """A random GPT-2 over ASCII whose tokenizer puts BOS in front, by the template it has; "" for none.

    native: as files that are opened here without transformers; else in a way that only transformers takes.
    """
    made: dict[tuple[str, bool], str] = {}

    def saved(template: str = "", *, native: bool = True) -> str:
        if (template, native) not in made:
            place = tiny_folder(tmp_path_factory.mktemp("chat"))
            tokenizer = transformers.AutoTokenizer.from_pretrained(place)
            marks = [transformers.AddedToken(mark, special=True) for mark in ("<|im_start|>", "<|im_end|>")]
            tokenizer.add_tokens(marks, special_tokens=True)
            tokenizer.chat_template = TEMPLATES[template] if template else None
            tokenizer.save_pretrained(place)
            net = transformers.AutoModelForCausalLM.from_pretrained(place)
            torch.manual_seed(1)
            net.resize_token_embeddings(len(tokenizer), mean_resizing=False)
            net.save_pretrained(place)
            if not native:
                file = Path(place) / "config.json"
                file.write_text(json.dumps({**json.loads(file.read_text()), "reorder_and_upcast_attn": True}))
            made[template, native] = place
        return made[template, native]

    return saved


def written(history: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": m.role, "content": m.text} for m in history]


def by_a_plain_loop(path: str, history: Sequence[Message], longest: int) -> str:
    """Greedy, one token after another, with transformers' own tokens of the conversation; ends with EOS or the mark."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    net = transformers.AutoModelForCausalLM.from_pretrained(path).eval()
    ids = tokenizer.apply_chat_template(written(history), add_generation_prompt=True, return_dict=True)["input_ids"]
    ends, added = {tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<|im_end|>")}, []
    with torch.inference_mode():
        while len(added) < longest:
            token = int(net(torch.tensor([[*ids, *added]])).logits[0, -1].argmax())
            if token in ends:
                break
            added.append(token)
    return str(tokenizer.decode(added, skip_special_tokens=True))


@pytest.mark.parametrize("template", ["without BOS", "with BOS"])
def test_the_tokens_of_a_conversation_are_transformers_own_and_bos_is_the_templates_to_put(
    folder: Callable[..., str], template: str
) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder(template))
    found = ChatTemplate(tokenizer, "here").tokens_of(TALK, 300)
    theirs = tokenizer.apply_chat_template(written(TALK), add_generation_prompt=True, return_dict=True)["input_ids"]
    assert found == theirs
    assert tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id  # asked plainly, it would put one in front
    assert found.count(tokenizer.bos_token_id) == (template == "with BOS")


def test_of_a_long_conversation_the_end_is_read_behind_its_bos(folder: Callable[..., str]) -> None:
    for template, kept in (("with BOS", 1), ("without BOS", 0)):
        own = ChatTemplate(transformers.AutoTokenizer.from_pretrained(folder(template)), "here")
        whole, end = own.tokens_of(TALK, 300), own.tokens_of(TALK, 20)
        assert end == [*whole[:kept], *whole[len(whole) - 20 + kept :]]


@pytest.mark.parametrize("native", [True, False])
def test_replies_are_those_of_a_plain_loop_in_any_batch(folder: Callable[..., str], native: bool) -> None:
    path = folder("with BOS", native=native)
    bot = Dialogue(of="hf", settings={"path": path, "longest": 24, "temperature": 0.0}, template="own", system="Be so.")
    talks = [TALK, TALK[:1], [Message("user", "Tell me of dogs and cats.")]]
    wanted = [by_a_plain_loop(path, [Message("system", "Be so."), *talk], 24).strip() for talk in talks]
    assert bot.reply(talks, [1, 2, 3]) == wanted
    assert bot.complete(["Hello."], [2]) == wanted[1:2]
    from genbench.models._native import Net

    assert isinstance(bot.model._loaded().net, Net) == native


def test_a_turn_ends_with_the_mark_that_the_template_writes_behind_one(folder: Callable[..., str]) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder("with BOS"))
    mark = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert ChatTemplate(tokenizer, "here").ends() == {mark}
    assert tokenizer.eos_token_id != mark
    model = Hf(path=folder("with BOS"), temperature=0.0, longest=40)
    assert mark not in model._loaded().ends  # as a continuation it is a token like others
    plain = transformers.AutoTokenizer.from_pretrained(folder("with BOS"))
    plain.chat_template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    assert ChatTemplate(plain, "here").ends() == frozenset()


def test_a_template_that_asks_for_the_date_is_told_the_same_one_on_any_day(folder: Callable[..., str]) -> None:
    own = ChatTemplate(transformers.AutoTokenizer.from_pretrained(folder("dated")), "here")
    assert own.text_of(TALK).startswith("<s>26 Jul 2024, Friday, 00:00\n<|im_start|>user\n")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("strict", "no system here"),
        ("prying", "chat template of .* fails: SecurityError"),
        ("deaf", "leaves out the last message"),
    ],
)
def test_a_template_that_refuses_pries_or_loses_a_message_is_told(
    folder: Callable[..., str], template: str, said: str
) -> None:
    bot = Dialogue(of="hf", settings={"path": folder(template)}, template="own", system="Be kind.")
    with pytest.raises(ModelError, match=said):
        bot.reply([TALK], [0])


def test_a_checkpoint_without_a_template_is_refused_before_it_is_loaded(folder: Callable[..., str]) -> None:
    with pytest.raises(ModelError, match="the tokenizer of this hf model has no chat template of its own; name one"):
        Dialogue(of="hf", settings={"path": folder()}, template="own")
    with pytest.raises(ModelError, match="has no chat template of its own"):
        Hf(path=folder()).answer([TALK], [0])
    parrot = {"object": "models.test_dialogue:Parrot"}
    with pytest.raises(ModelError, match="template own is that of a causal model of hf, and python has none"):
        Dialogue(of="python", settings=parrot, template="own")


def test_whether_a_template_is_there_is_known_from_the_files_alone(folder: Callable[..., str], tmp_path: Path) -> None:
    def at_hand(path: object) -> bool | None:
        return template_at_hand(Source(str(path), "main", False))

    assert (at_hand(folder("with BOS")), at_hand(folder())) == (True, False)
    assert at_hand("nobody/never-fetched") is None
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": MARKED}))  # as older releases save it
    assert at_hand(tmp_path) is True
    gguf = pytest.importorskip("gguf")
    for name in ("chats", "continues"):
        file = gguf.GGUFWriter(tmp_path / f"{name}.gguf", "llama")
        if name == "chats":
            file.add_chat_template(MARKED)
        file.write_header_to_file()
        file.write_kv_data_to_file()
        file.close()
        assert at_hand(tmp_path / f"{name}.gguf") is (name == "chats")


def test_a_plan_says_where_a_template_is_left_unused(folder: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"q": "Who are you?", "a": "I"}\n')

    def notes(model: dict[str, Any], probe: object) -> list[str]:
        about = {
            "name": "chat", "data": {"prose": "pydoc", "asked": {"source": "prompts_jsonl", "path": "q.jsonl"}},
            "models": [{"name": "bot", "data": "prose", **model}], "probes": [probe],
        }  # fmt: skip
        file = tmp_path / "chat.yaml"
        about["data"]["asked"] |= {"prompt": "{q}", "references": "a"}
        file.write_text(json.dumps(about))
        return overlooked(make_plan(Suite.load(str(file))))

    asked = {"probe": "quality.answers", "benchmark": "asked"}
    chats, bare = folder("with BOS"), folder()

    def dialogue(path: str, **own: str) -> dict[str, Any]:
        return {"family": "dialogue", "settings": {"of": "hf", "settings": {"path": path}, **own}}

    (told,) = notes({"hf": chats}, asked)
    assert told.startswith("bot: its tokenizer has a chat template, and hf puts prompts as bare text")
    assert notes({"hf": chats}, "quality.perplexity") == notes({"hf": bare}, asked) == []
    (told,) = notes(dialogue(chats), asked)
    assert told == "bot: its tokenizer has a chat template, and it is asked in plain; template: own takes its own"
    assert notes(dialogue(chats, template="own"), asked) == notes(dialogue(bare), asked) == []
