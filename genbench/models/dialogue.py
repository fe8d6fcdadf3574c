"""A chatbot: a model that chats, or that completes behind a chat template, with a system prompt in front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genbench.core.catalogue import find
from genbench.core.errors import ModelError, suggestion
from genbench.core.inner import Family, inner_identity, inner_model, lend_abilities
from genbench.core.model import Completer, Converses, Message, Overlooks, Templated, family

OWN = "own"


@dataclass(frozen=True)
class Template:
    """How a conversation is written for a model that continues text. stops: what ends its turn, if it does not."""

    jinja: str
    stops: tuple[str, ...]


TEMPLATES = {
    "plain": Template(
        "{% for m in messages %}{{ '' if m.role == 'system' else m.role | capitalize + ': ' }}{{ m.content }}\n"
        "{% endfor %}Assistant:",
        ("\nUser:", "\nAssistant:"),
    ),
    "chatml": Template(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "<|im_start|>assistant{{ '\n' }}",
        ("<|im_end|>", "<|im_start|>"),
    ),
    "llama3": Template(
        "{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content }}<|eot_id|>"
        "{% endfor %}<|start_header_id|>assistant<|end_header_id|>{{ '\n\n' }}",
        ("<|eot_id|>", "<|start_header_id|>"),
    ),
    "zephyr": Template(
        "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}</s>\n{% endfor %}<|assistant|>{{ '\n' }}",
        ("</s>", "<|user|>"),
    ),
}


@family(
    modality="text",
    cites=["Hugging Face, Chat templates, huggingface.co/docs/transformers/chat_templating (the template's variables)"],
)
class Dialogue:
    """A chatbot of another model: one that chats (endpoint) is asked in messages, one that completes in a template.

    of: the family of that model, such as endpoint or hf; settings: its own. system: what stands before every
    conversation; a system message of the conversation's own comes after it. template, for a model that completes:
    plain, chatml, llama3 or zephyr; a Jinja template over `messages` (role, content), rendered in a sandbox; or own,
    the one that the tokenizer of an `hf` checkpoint brings: transformers renders it, in such a sandbox too, and it says
    whether BOS stands in front and what ends a turn. A server's chats are always in its model's own. stops: further
    strings that end a reply. Asked to complete a prompt, it answers it as the first message of a conversation.
    A conversation longer than the model reads is cut by that model in its own way, so that its beginning may be lost.
    """

    def __init__(
        self, *, of: Family, settings: dict[str, Any] | None = None, system: str = "", template: str = "plain",
        stops: list[str] | None = None,
    ) -> None:  # fmt: skip
        self.system, self.template = system, template
        if find("model", of).load() is Dialogue:
            raise ModelError("dialogue: a dialogue of a dialogue is one with both system prompts; write that")
        self.of, self.model = of, inner_model(of, settings or {}, "dialogue", ModelError)
        if not isinstance(self.model, (Converses, Completer)):
            raise ModelError(f"dialogue: {of} neither chats nor completes, so it cannot hold a conversation")
        self._written: Any = None
        if template == OWN:
            _refuse_without_own(of, self.model)
        elif not isinstance(self.model, Converses):
            self._written = _compiled(template)
        named = TEMPLATES.get(template)
        self.stops = (*(named.stops if named else ()), *(stops or ()))
        lend_abilities(self, self.model)

    @classmethod
    def overlooked(cls, settings: Mapping[str, Any]) -> str:
        """A chat template that the model within has, where the suite takes another."""
        of = find("model", str(settings["of"])).load()
        if settings.get("template") == OWN or not isinstance(of, type) or not issubclass(of, Overlooks):
            return ""
        if not of.overlooked(settings.get("settings") or {}):
            return ""
        named = str(settings.get("template", "plain"))
        other = named if named in TEMPLATES else "another"
        return f"its tokenizer has a chat template, and it is asked in {other}; template: own takes its own"

    def identity(self) -> str:
        """That of the model within: its code and behaviour."""
        return inner_identity(self.of, self.model)

    def reply(self, histories: Sequence[Sequence[Message]], seeds: Sequence[int]) -> list[str]:
        """The next message of each conversation, without the template's marks."""
        before = [Message("system", self.system)] if self.system else []
        heard = [[*before, *history] for history in histories]
        if isinstance(self.model, Converses):
            return [_ended(text, ()) for text in self.model.reply(heard, seeds)]
        if self._written is None:
            said = self.model.answer(heard, seeds)
        else:
            said = self.model.complete([self._prompt(history) for history in heard], seeds)
        return [_ended(text, self.stops) for text in said]

    def complete(self, prompts: Sequence[str], seeds: Sequence[int]) -> list[str]:
        """Each prompt's answer, as the first message of a conversation."""
        return self.reply([[Message("user", prompt)] for prompt in prompts], seeds)

    def _prompt(self, history: Sequence[Message]) -> str:
        messages = [{"role": m.role, "content": m.text} for m in history]
        try:
            # A model puts its own start token in front, so the template's is left empty.
            text = self._written.render(messages=messages, add_generation_prompt=True, bos_token="", eos_token="")
        except Exception as error:
            raise ModelError(f"dialogue: the template fails: {type(error).__name__}: {error}") from error
        if history and history[-1].text.strip() not in text:
            raise ModelError("dialogue: the template leaves out the last message; it is given `messages`")
        return str(text)


def _refuse_without_own(of: str, model: Any) -> None:
    """`ModelError` where a model that completes is known to have no chat template of its own."""
    if isinstance(model, Converses):
        return
    if not isinstance(model, Templated):
        raise ModelError(f"dialogue: template own is that of a causal model of hf, and {of} has none; name one")
    if model.has_template() is False:
        raise ModelError(
            f"dialogue: the tokenizer of this {of} model has no chat template of its own; name one, such as chatml, or "
            "write it"
        )


def _compiled(template: str) -> Any:
    """A named template or a Jinja one, in a sandbox that cannot reach Python. `ModelError` with what is wrong in it.

    Blocks are trimmed, loop controls known and undefined names empty, as transformers renders such templates.
    """
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    if template in TEMPLATES:
        template = TEMPLATES[template].jinja
    elif "{" not in template:
        raise ModelError(f"dialogue: no template is named {template!r}{suggestion(template, [*TEMPLATES, OWN])}")
    if Path(template).suffix == ".jinja":
        raise ModelError("dialogue: write the template itself, not its path")
    try:
        return ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        ).from_string(template, globals={"raise_exception": _raised})
    except TemplateError as error:
        raise ModelError(f"dialogue: the template is malformed: {error}") from error


def _raised(message: str) -> None:
    """What templates call to refuse a conversation, such as one with a system message."""
    raise ModelError(message)


def _ended(text: str, stops: Sequence[str]) -> str:
    """The text before the first stop, without white space around it."""
    ends = [at for stop in stops if (at := text.find(stop)) >= 0]
    return text[: min(ends, default=len(text))].strip()
