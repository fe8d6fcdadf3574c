"""A chatbot: a model that chats, or that completes behind a chat template, with a system prompt in front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genbench.core.catalogue import find
from genbench.core.errors import ModelError, suggestion
from genbench.core.inner import inner_identity, inner_model, lend_abilities
from genbench.core.model import Completer, Converses, Message, family


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
    conversation; a system message of the conversation's own comes after it. template: plain, chatml, llama3 or zephyr,
    or a Jinja template over `messages` (role, content), rendered in a sandbox; for models that complete only. stops:
    further strings that end a reply. Asked to complete a prompt, it answers it as the first message of a conversation.
    A conversation longer than the model reads is cut by that model in its own way, so that its beginning may be lost.
    """

    def __init__(
        self, *, of: str, settings: dict[str, Any] | None = None, system: str = "", template: str = "plain",
        stops: list[str] | None = None,
    ) -> None:  # fmt: skip
        self.system, self.template = system, template
        if find("model", of).load() is Dialogue:
            raise ModelError("dialogue: a dialogue of a dialogue is one with both system prompts; write that")
        self.of, self.model = of, inner_model(of, settings or {}, "dialogue", ModelError)
        if not isinstance(self.model, (Converses, Completer)):
            raise ModelError(f"dialogue: {of} neither chats nor completes, so it cannot hold a conversation")
        self._written: Any = None if isinstance(self.model, Converses) else _compiled(template)
        named = TEMPLATES.get(template)
        self.stops = (*(named.stops if named else ()), *(stops or ()))
        lend_abilities(self, self.model)

    def identity(self) -> str:
        """That of the model within: its code and behaviour."""
        return inner_identity(self.of, self.model)

    def reply(self, histories: Sequence[Sequence[Message]], seeds: Sequence[int]) -> list[str]:
        """The next message of each conversation, without the template's marks."""
        before = [Message("system", self.system)] if self.system else []
        heard = [[*before, *history] for history in histories]
        if self._written is None:
            said = self.model.reply(heard, seeds)
        else:
            prompts = [self._prompt(history) for history in heard]
            said = self.model.complete(prompts, seeds)
        return [_ended(text, () if self._written is None else self.stops) for text in said]

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


def _compiled(template: str) -> Any:
    """A named template or a Jinja one, in a sandbox that cannot reach Python. `ModelError` with what is wrong in it.

    Blocks are trimmed, loop controls known and undefined names empty, as transformers renders such templates.
    """
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    if template in TEMPLATES:
        template = TEMPLATES[template].jinja
    elif "{" not in template:
        raise ModelError(f"dialogue: no template is named {template!r}{suggestion(template, list(TEMPLATES))}")
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
