"""Tasks of lm-evaluation-harness 0.4: templates, choices, targets and few-shot contexts, to the letter.

What a task says is honoured, says nothing of a score, or is refused by file, line and name. Templates run in Jinja's
sandbox; code that comes with a task does not run at all.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from genbench.core.digest import file_digest
from genbench.core.errors import DataError, suggestion
from genbench.data._lm_eval_docs import Doc, Splits
from genbench.data._lm_eval_honoured import left_out
from genbench.data._lm_eval_yaml import find_task

SEED = 1234  # of the harness's few-shot sampling
READERS = {
    "multiple_choice": "lm_eval_choices",
    "loglikelihood": "lm_eval_choices",
    "loglikelihood_rolling": "lm_eval_texts",
    "generate_until": "lm_eval_prompts",
}


@dataclass(frozen=True)
class Import:
    """What the user says: where the task lies, its name, another number of examples, files instead of its splits, and
    which of its metrics, or `generation_kwargs`, may go unhonoured."""

    path: str
    task: str | None = None
    num_fewshot: int | None = None
    seed: int = SEED
    docs: str | None = None
    shots: str | None = None
    accept: tuple[str, ...] = ()


class Task:
    """A task with its documents. `contexts` follows the harness's chance, so it is made once, for all, in order."""

    def __init__(self, wanted: Import, kinds: tuple[str, ...]) -> None:
        self.source = find_task(wanted.path, wanted.task)
        self.said = self.source.values
        self.name = str(self.said.get("task") or self.source.path.stem)
        self.kind = str(self.said.get("output_type", "generate_until"))
        if self.kind not in kinds:
            other = READERS.get(self.kind)
            known = f"; `{other}` reads it" if other else suggestion(self.kind, sorted(READERS))
            raise DataError(f"{self.source.at(('output_type',))}: output_type {self.kind!r}{known}")
        self.wanted = wanted
        self.left_out = left_out(self.source, self.kind, wanted.accept)
        self.shot: Mapping[str, Any] = self.said.get("fewshot_config") or {}
        self.number = self._number()
        self.split = self.said.get("test_split") or self.said.get("validation_split")
        if not self.split:
            raise DataError(f"{self.source.path}: neither test_split nor validation_split says what is asked")
        # A file instead of a split leaves the names of the splits alone: the harness compares them.
        own = self._shots_split()
        if wanted.shots and own in (None, str(self.split)):
            raise DataError(
                f"`shots`: this task's examples are {'listed in it' if own is None else 'from what is asked'}"
            )
        self.splits = Splits(self.source, {**({own: wanted.shots} if own else {}), str(self.split): wanted.docs})
        self.docs = self.splits.docs(str(self.split))
        self.fields = frozenset(self.docs[0])

    def _number(self) -> int:
        """How many examples; the harness's own 0 cannot be overridden there."""
        own = self.said.get("num_fewshot")
        if own == 0 and self.wanted.num_fewshot:
            raise DataError(f"{self.source.at(('num_fewshot',))}: the task says 0, and the harness keeps to that")
        number = self.wanted.num_fewshot if self.wanted.num_fewshot is not None else own or 0
        if not isinstance(number, int) or number < 0:
            raise DataError(f"{self.source.at(('num_fewshot',))}: num_fewshot is a number from 0, got {number!r}")
        return number

    def _shots_split(self) -> str | None:
        """The split of the examples; None where they are listed in the task."""
        named = self.shot.get("split", self.said.get("fewshot_split"))
        if named is None and self.shot.get("samples") is None:
            order = ("training_split", "validation_split", "test_split")
            named = next((self.said[key] for key in order if self.said.get(key)), None)
        return None if named is None else str(named)

    def contexts(self) -> list[str]:
        """What stands before the answer of each document: description, examples, question."""
        sample = self._sampler() if self.number else None
        return [self._context(doc, sample(doc) if sample else []) for doc in self.docs]

    def _sampler(self) -> Callable[[Doc], list[Doc]]:
        """The harness's choice of examples for a document; each call goes on with its chance."""
        split, kind, n = self._shots_split(), self.shot.get("sampler", "default"), self.number
        pool: list[Doc] = self.splits.docs(split) if split is not None else self.shot["samples"]
        if not isinstance(pool, list) or not all(isinstance(one, dict) for one in pool):
            raise DataError(f"{self.source.at(('fewshot_config', 'samples'))}: samples are a list of documents")
        if kind not in ("default", "first_n"):
            raise DataError(f"{self.source.at(('fewshot_config', 'sampler'))}: sampler {kind!r} cannot be honoured")
        # The harness leaves the asked document out where these two are the same, two absent ones included.
        apart = self.shot.get("split", self.said.get("fewshot_split")) == self.said.get("test_split")
        rng = Random(self.wanted.seed)

        def sample(doc: Doc) -> list[Doc]:
            others = [other for other in pool if other != doc] if apart else pool
            if len(others) < n or (apart and kind == "default" and len(pool) < n + 1):
                raise DataError(f"{self.name}: {n} examples wanted, and {len(others)} are there to choose from")
            if kind == "first_n":
                return others[:n]
            if not apart:
                return rng.sample(pool, n)
            drawn = [other for other in rng.sample(pool, n + 1) if other != doc][:n]
            return drawn if len(drawn) == n else rng.sample(others, n)

        return sample

    def _context(self, doc: Doc, shots: list[Doc]) -> str:
        description = self.said.get("description") or ""
        parts = [str(doc[description]) if description in doc else rendered(description, doc)]
        for shot in shots:
            own = {key: self.shot.get(key, self.said.get(key)) for key in ("doc_to_text", "doc_to_choice")}
            choices = self.choices(shot, own["doc_to_choice"]) if own["doc_to_choice"] else None
            target = self.target(shot, self.shot.get("doc_to_target"))
            answer = choices[target] if choices and isinstance(target, int) else target
            answer = answer[0] if isinstance(answer, list) and answer else answer
            if not isinstance(answer, str):
                raise DataError(f"{self.name}: an example's target is {answer!r}, and no text")
            prefix = self._prefix(shot, self.shot.get("gen_prefix", self.said.get("gen_prefix")))
            delimiter = str(self.shot.get("target_delimiter", self.said.get("target_delimiter", " ")))
            question = self.text(shot, own["doc_to_text"])
            between = delimiter if (_apart(question, prefix) if prefix else answer) else ""
            end = str(self.shot.get("fewshot_delimiter", self.said.get("fewshot_delimiter", "\n\n")))
            parts += [question, between, _joined(prefix, answer), end if answer else ""]
        prefix = self._prefix(doc, self.said.get("gen_prefix"))
        question = self.text(doc)
        between = str(self.said.get("target_delimiter", " ")) if prefix and _apart(question, prefix) else ""
        return "".join([*parts, question, between, prefix])

    def _prefix(self, doc: Doc, template: str | None) -> str:
        if not template:
            return ""
        return str(doc[template]) if template in doc else rendered(template, doc)

    def text(self, doc: Doc, template: Any = None) -> str:
        """The question of a document."""
        template = self.said.get("doc_to_text") if template is None else template
        made = template not in self.fields
        found = rendered(template, doc) if made else doc[template]
        place = self.source.at(("doc_to_text",))
        if isinstance(found, int) or (made and found.isdigit() and self.said.get("doc_to_choice") is not None):
            raise DataError(f"{place}: doc_to_text: a place in doc_to_choice, a context per choice, cannot be honoured")
        if not isinstance(found, str):
            raise DataError(f"{place}: doc_to_text makes {found!r}, and no text")
        return found

    def target(self, doc: Doc, template: Any = None) -> Any:
        """The right answer: a text, a list, or a place among the choices."""
        template = self.said.get("doc_to_target") if template is None else template
        if isinstance(template, int | list):
            return template
        if template in self.fields:
            return doc[template]
        found = rendered(template, doc)
        if found.isdigit() and self.said.get("doc_to_choice") is not None:
            return int(found)
        if len(found) >= 2 and found[0] == "[" and found[-1] == "]":
            try:
                return ast.literal_eval(found)
            except (SyntaxError, ValueError):
                return found
        return found

    def choices(self, doc: Doc, template: Any = None) -> list[str]:
        """The ways to go on."""
        template = self.said.get("doc_to_choice") if template is None else template
        place = self.source.at(("doc_to_choice",))
        found: Any = template
        if isinstance(template, Mapping):
            found = list(template.values())
        elif isinstance(template, str):
            try:
                found = doc[template] if template in self.fields else ast.literal_eval(rendered(template, doc))
            except (SyntaxError, ValueError) as error:
                raise DataError(f"{place}: doc_to_choice makes no list: {error}") from error
        if not isinstance(found, list) or not found or not all(isinstance(one, str) and one for one in found):
            raise DataError(f"{place}: doc_to_choice makes {found!r}, and no list of texts")
        return found

    def facts(self) -> dict[str, Any]:
        """What a run records of the task."""
        return {
            "task": self.name,
            "sha256 of the task's file": file_digest(self.source.path),
            "examples before each question": self.number,
            "left out": ", ".join(self.left_out) or "nothing",
        }


SANDBOX = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
SANDBOX.filters["regex_replace"] = lambda string, pattern, repl, count=0: re.sub(pattern, repl, string, count=count)


def rendered(template: Any, doc: Doc) -> str:
    """A Jinja template filled from a document; `DataError` where it is none, or reaches for what it may not."""
    if not isinstance(template, str):
        raise DataError(f"a template is a text, got {template!r}")
    try:
        return SANDBOX.from_string(template).render(**doc)
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise DataError(f"template {template[:80]!r}: {error}") from error


def _apart(before: str, after: str) -> bool:
    return before != "" and not (before[-1].isspace() or after[0].isspace())


def _joined(prefix: str, answer: str) -> str:
    """Both, with a blank between unless one is there or one of them is empty."""
    return f"{prefix} {answer}" if prefix and answer and _apart(prefix, answer) else prefix + answer
