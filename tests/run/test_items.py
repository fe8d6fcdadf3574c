"""Items of a role: named by what begins their list, and cut to one length where texts are compared at one."""

from genbench.run.items import Items, numbered


def test_texts_are_cut_and_shorter_ones_left_out_with_their_keys() -> None:
    found = Items(["abcdef", "ab", "abcd"], numbered("generated", 3), ["source"], "gpt")
    cut = found.cut(4)
    assert (list(cut.items), cut.keys, cut.owner) == (["abcd", "abcd"], ("generated/0", "generated/2"), "gpt")
    assert cut.recipe != found.recipe
    assert cut.recipe != found.cut(3).recipe
