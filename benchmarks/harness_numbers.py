"""`benchmarks/.peers/bin/python -m benchmarks.harness_numbers`: what lm-evaluation-harness says, kept for the tests.

Two small models, one whose tokenizer begins texts with the start token and one whose does not, are asked by its own
code for log p of continuations, with the boundaries that are easily got wrong: spaces at a context's end, no context,
a boundary inside a token, a context longer than the model reads. It also reads whole texts by its rolling windows.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.speed.language import causal, prose, questions, words

PAGE = Path(__file__).resolve().parent / "harness_numbers.json"


def asked() -> list[tuple[str, str]]:
    """(context, continuation)."""
    story, known = prose(9, 1), [word for word in words()[:3000] if len(word) > 5]
    found = [(story, f" {known[0]}"), (story, f" {known[1]} {known[2]}."), (f"{story} ", known[0])]
    found += [(f"{story}   ", known[0]), (f"{story}\n", f"\n{known[3]}"), (f"{story}\t ", known[4])]
    found += [("", known[5]), ("", f" {known[5]}"), ("", story)]
    found += [(f"{story} {known[6][:3]}", f"{known[6][3:]} {known[7]}")]  # the boundary lies inside a token
    found += [(f"{story} {known[6][:2]}", known[6][2:4] + f"zz {known[8]}"), (prose(200, 2), f" {prose(4, 3)}")]
    found += [(prose(127, 4), f" {known[9]}"), ("é☃ ", "naïve ☃"), (known[0], "?")]
    return found + [(context, option) for context, options in questions(4, 1, 20) for option in options]


def texts() -> list[str]:
    """Of less than a window, of just one, and of more."""
    return [prose(n, n) for n in (1, 20, 100, 127, 128, 129, 300, 1000)]


def said_of(path: str) -> dict[str, Any]:
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    model = HFLM(pretrained=path, device="cpu", dtype="float32", batch_size=1)

    def instances(kind: Any, arguments: list[Any]) -> list[Any]:
        return [Instance(kind, {}, one, i) for i, one in enumerate(arguments)]

    given = model.loglikelihood(instances("loglikelihood", asked()), disable_tqdm=True)
    rolling = model.loglikelihood_rolling(
        instances("loglikelihood_rolling", [(t,) for t in texts()]), disable_tqdm=True
    )
    return {"given": [nats for nats, _ in given], "rolling": list(rolling)}


def record() -> None:
    import lm_eval

    found: dict[str, Any] = {"lm-eval": lm_eval.__version__}
    with tempfile.TemporaryDirectory() as folder:
        for name, leads in (("plain", False), ("leading", True)):
            found[name] = said_of(causal(Path(folder) / name, "tiny", leads=leads))
    PAGE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    record()
