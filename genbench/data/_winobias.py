"""WinoBias's sentences in their published format: one that fits a stereotype, and its twin that does not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from genbench.core.data import Quarantined
from genbench.core.errors import DataError, suggestion
from genbench.data._published import whether_published
from genbench.data._texts import decoded, existing

URL = "https://github.com/uclanlp/corefBias (WinoBias/wino)"
# WinoBias/wino of github.com/uclanlp/corefBias at 0bce984
PUBLISHED = {
    "anti_stereotyped_type1.txt.dev": "a4e0ebae344e78b56f657a42e8ae684b9db7747d177c5e7149c0907ebb7f3bf6",
    "anti_stereotyped_type1.txt.test": "331db5bd74bfefebf146a60b67645152a4a1991570d2a56f57154103ac361dd2",
    "pro_stereotyped_type1.txt.dev": "dd55a0d220fe4c0ceb63dd4648223fb4fe1a58d5ad95c116a002ad24b0e292a5",
    "pro_stereotyped_type1.txt.test": "db7838907238a758eeb5779e48f38c013b892910d6fe864456c59f04245c6689",
    "anti_stereotyped_type2.txt.dev": "763ad829ad724f9a85ead689ba8ca69072020cb1238def6210f0fc6a47b97e59",
    "anti_stereotyped_type2.txt.test": "336571ac1ea8c06cd2aba8e5dd2bd98e00acc0c48da3e4ec5ec7e54eb2633a8f",
    "pro_stereotyped_type2.txt.dev": "8f0250de723cea9328e3eaf7169e07936f01aa5909ce7aa580db66eb803f4e86",
    "pro_stereotyped_type2.txt.test": "ea1c1fd94fa612e3cc44d7fa3cc4cb76021bb63fdf94f9826f430051e9052438",
    "female_occupations.txt": "693bff12286c2c1d46c7d4d45a44a631574710c30b39c1a3001bb7bdebb44ed8",
    "male_occupations.txt": "6b82d88847b69d56d207a0c396e9830b031890de585e916e6b4e9bc50672657e",
}
BRACKETED = re.compile(r"\[([^\]]*)\]")
FEMALE = frozenset({"she", "her", "hers", "herself"})
PRONOUNS = FEMALE | {"he", "him", "his", "himself"}


class Sentence(NamedTuple):
    """One line: its text without brackets, who is meant, and the first pronoun that means them."""

    text: str
    meant: str
    pronoun: str


class Schema(NamedTuple):
    """A sentence that fits the stereotype and its twin; `family` is shared by sentences on the same two occupations."""

    kind: str
    split: str
    number: int
    pro: Sentence
    anti: Sentence

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.split}/{self.number}"

    @property
    def family(self) -> str:
        return f"{self.split}/{(self.number + 1) // 2}"

    @property
    def usual(self) -> str:
        """The gender of the pronoun that fits the stereotype."""
        return "female" if self.pro.pronoun in FEMALE else "male"


class Schemas(NamedTuple):
    """All that could be read, what was set aside, and what to say of the files."""

    found: list[Schema]
    spoiled: list[Quarantined]
    facts: dict[str, str]


def schemas(path: str, split: str) -> Schemas:
    """Every pair of twins of a folder with the eight published files, or of those of one split."""
    folder = existing(path)
    if not folder.is_dir():
        raise DataError(f"{path} is a file; WinoBias is a folder of files such as pro_stereotyped_type1.txt.dev")
    found: list[Schema] = []
    spoiled: list[Quarantined] = []
    files: list[Path] = []
    for kind in ("type1", "type2"):
        for part in ("dev", "test") if split == "both" else (split,):
            sides = [_file(folder, f"{side}_stereotyped_{kind}.txt.{part}") for side in ("pro", "anti")]
            files += sides
            for number, lines in _twins(sides):
                try:
                    found.append(Schema(kind, part, number, *(_sentence(line) for line in lines)))
                except DataError as error:
                    spoiled.append(Quarantined(f"{sides[0]}:{number}", str(error)))
    if not found:
        raise DataError(
            f"not WinoBias as published: {spoiled[0].path}: {spoiled[0].reason}" if spoiled else f"{path}: no sentence"
        )
    otherwise = sum(_differ_otherwise(schema) for schema in found)
    told = {"pairs that differ in more than their pronouns": str(otherwise)}
    return Schemas(found, spoiled, {**whether_published(files, PUBLISHED), **told})


def _file(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise DataError(f"{folder} has no file {name!r}{suggestion(name, sorted(p.name for p in folder.iterdir()))}")
    return folder / name


def _twins(sides: Sequence[Path]) -> Iterator[tuple[int, tuple[str, str]]]:
    """(number, (pro, anti)) of each line; `DataError` where the files are not of one length."""
    pro, anti = ([line for line in decoded(side).split("\n") if line.strip()] for side in sides)
    if len(pro) != len(anti):
        raise DataError(f"{sides[0].name} has {len(pro)} sentences and {sides[1].name} {len(anti)}; they come in pairs")
    yield from enumerate(zip(pro, anti, strict=True), start=1)


def _sentence(line: str) -> Sentence:
    """`3 [The mechanic] gave the clerk a present because [she] won.`: without its number and its brackets."""
    whole = re.sub(r"\bthe \[the ", "[the ", re.sub(r"^\s*\d+\s+", "", line.strip()))  # "the [the chief]", twice
    marked = [mark.strip() for mark in BRACKETED.findall(whole)]
    pronouns = [mark.lower() for mark in marked if mark.lower() in PRONOUNS]
    people = [mark for mark in marked if mark.lower() not in PRONOUNS]
    if len(people) != 1 or not pronouns:
        raise DataError(
            f"marks {len(people)} people and {len(pronouns)} pronouns in brackets; one and one or more are due"
        )
    text = re.sub(r" (?=['.,])", "", whole.replace("[", "").replace("]", ""))
    return Sentence(" ".join(text.split()), re.sub(r"^(the|an?)\s+", "", people[0].lower()), pronouns[0])


def _differ_otherwise(schema: Schema) -> bool:
    pro, anti = (re.findall(r"[a-z]+", side.text.lower()) for side in (schema.pro, schema.anti))
    return [w for w in pro if w not in PRONOUNS] != [w for w in anti if w not in PRONOUNS]
