"""What is asked: openings that lose nothing, a part of a benchmark, what is too short, what a reader sees."""

import numpy as np

from genbench.core.data import Dataset, Prompt, Question, Script
from genbench.run.inquiry import of_benchmark, of_openings, opened, shown
from genbench.run.items import Items


def test_an_opening_ends_where_a_word_ends_and_nothing_is_lost() -> None:
    ((opening, rest),) = opened(["the quick brown fox jumps"])
    assert (opening, rest) == ("the quick", " brown fox jumps")
    assert opened(["x"]) == [("x", "")]
    assert "".join(opened(["unbroken"])[0]) == "unbroken"


def test_a_limited_benchmark_is_a_random_part_in_published_order() -> None:
    items = [Prompt(str(i)) for i in range(50)]
    keys = tuple(map(str, range(50)))
    data = Dataset("b", "text_prompts", items, {"held_out": np.arange(50)}, keys, "d", "CC0", "made")
    part = of_benchmark(data, 0, 10)
    assert len(part.items) == 10
    assert [int(key) for key in part.keys] == sorted(int(key) for key in part.keys)
    assert part.keys != of_benchmark(data, 1, 10).keys
    assert of_benchmark(data, 0, None).items == items
    assert part.source != of_benchmark(data, 0, None).source == of_benchmark(data, 1, 50).source


def test_a_reader_sees_the_item_and_the_answer() -> None:
    assert shown(Prompt("why?"), "because") == "why?\n=> because"
    assert shown(Question("ant", ("tan", "q"), 0), None) == "ant\n- tan  (right)\n- q"
    assert shown(Script(("hi",)), ("hello",)) == "user: hi\nmodel: hello"


def test_an_item_of_one_letter_is_not_asked_for_its_rest_and_the_others_keep_their_keys() -> None:
    found = Items(["the quick brown fox", "x", "a dog"], ("k0", "k1", "k2"), ["texts"])
    asked = of_openings("held_out", found, lambda opening, rest: Prompt(opening, (rest,)))
    assert asked.keys == ("k0", "k2")
    assert [prompt.text + prompt.references[0] for prompt in asked.items] == ["the quick brown fox", "a dog"]
    assert of_openings("held_out", Items(["x"], ("k",), []), Prompt).items == []
