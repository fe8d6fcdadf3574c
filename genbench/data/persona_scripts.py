"""Conversations in which a user says who they are and asks for it again, made for this house."""

from __future__ import annotations

from typing import Any

from genbench.core.data import Dataset, Script, dataset
from genbench.data._splits import assemble

# (name, town, pet, food that is not eaten), each of them said once and asked for later
PEOPLE = (
    ("Marta", "Lisbon", "parrot", "peanuts"), ("Jonas", "Bergen", "tortoise", "mushrooms"),
    ("Aisha", "Lahore", "goat", "prawns"), ("Tomas", "Brno", "hamster", "celery"),
    ("Keiko", "Osaka", "rabbit", "walnuts"), ("Pedro", "Quito", "llama", "cheese"),
    ("Ingrid", "Uppsala", "horse", "liver"), ("Samuel", "Accra", "gecko", "olives"),
    ("Leila", "Tunis", "falcon", "eggs"), ("Viktor", "Riga", "ferret", "tomatoes"),
    ("Noor", "Amman", "pigeon", "garlic"), ("Brigid", "Galway", "donkey", "oysters"),
    ("Paolo", "Turin", "canary", "onions"), ("Hana", "Prague", "snake", "almonds"),
    ("Mateo", "Rosario", "iguana", "bananas"), ("Zofia", "Gdansk", "hedgehog", "honey"),
    ("Rafi", "Dhaka", "buffalo", "lentils"), ("Elsa", "Turku", "squirrel", "beetroot"),
    ("Obi", "Enugu", "monkey", "yams"), ("Clara", "Graz", "ferret", "spinach"),
)  # fmt: skip
ASIDES = ("What is seven times eight?", "Tell me something about the sea.", "Which month comes after May?")


@dataset(modality="text_scripts", licence="Apache-2.0, as this project")
def persona_scripts() -> Dataset:
    """Twenty users who say name, town, pet and what they do not eat, speak of other things, and ask for each again.

    Fact: checks, a list of {"turn": t, "expects": [words any of which the reply should hold], "forbids": [words that
    it should not]}. Forbidden are the other users' words of that kind: no guess could hold one by its own.
    """
    scripts = [Script(_lines(who), {"checks": _checks(place)}) for place, who in enumerate(PEOPLE)]
    return assemble(
        name="persona_scripts",
        modality="text_scripts",
        items=scripts,
        keys=[f"user/{who[0]}" for who in PEOPLE],
        licence="Apache-2.0, as this project",
        source="written for this project",
        facts={"checks": 4 * len(scripts)},
    )


def _lines(who: tuple[str, str, str, str]) -> tuple[str, ...]:
    name, town, pet, food = who
    return (
        f"Hello, I am {name} and I live in {town}.",
        f"I have a {pet}, and I never eat {food}.",
        *ASIDES,
        "What is my name?",
        "Where do I live?",
        "What animal do I have?",
        "What do I never eat?",
    )


def _checks(place: int) -> list[dict[str, Any]]:
    first = 2 + len(ASIDES)
    checks = []
    for kind, own in enumerate(PEOPLE[place]):
        others = sorted({who[kind].lower() for who in PEOPLE} - {own.lower()})
        checks.append({"turn": first + kind, "expects": [own.lower()], "forbids": others})
    return checks
