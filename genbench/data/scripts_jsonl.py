"""Scripts of simulated users as JSON Lines, for conversations with a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from genbench.core.data import Dataset, Quarantined, Script, dataset
from genbench.core.digest import file_digest
from genbench.core.errors import DataError, suggestion
from genbench.data._splits import assemble
from genbench.data._texts import PRIVATE, decoded, existing


@dataset(modality="text_scripts", licence="the user's own")
def scripts_jsonl(*, path: str, group: str | None = None) -> Dataset:
    """JSON Lines of `{"turns": ["first line", "second line"], "facts": {...}}`: what a simulated user says, in order.

    facts: plain values that the probes of a benchmark read, such as what a reply must hold. group: the name of a fact
    that groups scripts. A line that is no such object is named and set aside.
    """
    file = existing(path)
    scripts, keys, labels, spoiled = [], [], [], []
    for number, line in enumerate(decoded(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            script = _script(line)
            labels.append(_label(script, group))
        except DataError as error:
            spoiled.append(Quarantined(f"{file}:{number}", str(error)))
            continue
        scripts.append(script)
        keys.append(f"line/{number}")
    return assemble(
        name=Path(path).stem,
        modality="text_scripts",
        items=scripts,
        keys=keys,
        labels=labels if group else None,
        quarantined=spoiled,
        licence=PRIVATE,
        source=str(path),
        facts={"sha256 of the file": file_digest(file)},
    )


def _script(line: str) -> Script:
    try:
        record = json.loads(line, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}") from error
    if not isinstance(record, dict):
        raise DataError(f"a {type(record).__name__}, not an object")
    if unknown := [name for name in record if name not in ("turns", "facts")]:
        raise DataError(f"unknown field {unknown[0]!r}{suggestion(unknown[0], ['turns', 'facts'])}")
    turns: Any = record.get("turns")
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) and t.strip() for t in turns):
        raise DataError("'turns' wants a list of at least one line of text")
    if any("\ud800" <= c <= "\udfff" for turn in turns for c in turn):
        raise DataError("'turns' holds half of a surrogate pair, which is no character")
    facts: Any = record.get("facts", {})
    if not isinstance(facts, dict):
        raise DataError(f"'facts' wants an object, got a {type(facts).__name__}")
    return Script(tuple(turns), facts)


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def _label(script: Script, group: str | None) -> str:
    if group is None:
        return ""
    if group not in script.facts:
        raise DataError(f"no fact {group!r}{suggestion(group, sorted(script.facts))}")
    return str(script.facts[group])
