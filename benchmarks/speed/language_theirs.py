"""The peers' side of language: lm-evaluation-harness's own code, CrowS-Pairs' loop, transformers' `generate`.

It runs by the interpreter of benchmarks/.peers and imports nothing of GenBench. CrowS-Pairs' script is not installable,
so its algorithm is said again here, at its speed: one sentence with one mask at a time, logits of every place.
"""

from __future__ import annotations

import difflib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.speed.language import pairs, prose, questions
from benchmarks.speed.worker import Facts, Run, serve


def _harness(path: str, batch: int) -> Any:
    from lm_eval.models.huggingface import HFLM

    return HFLM(pretrained=path, device="cpu", dtype="float32", batch_size=batch)


def _instances(kind: Any, arguments: list[Any]) -> list[Any]:
    from lm_eval.api.instance import Instance

    return [Instance(kind, {}, one, i) for i, one in enumerate(arguments)]


def rolling(path: str, n: int, batch: int) -> Run:
    """Bits per byte of one text of n words."""
    model, text = _harness(path, batch), prose(n, 9)

    def run() -> Facts:
        (nats,) = model.loglikelihood_rolling(_instances("loglikelihood_rolling", [(text,)]), disable_tqdm=True)
        return {"nats_per_byte": -nats / len(text.encode())}

    return run


def choices(path: str, n: int, batch: int) -> Run:
    """log p of each option of n questions; the same context is read for each of them."""
    model = _harness(path, batch)
    asked = [(context, option) for context, options in questions(n, 1) for option in options]

    def run() -> Facts:
        found = model.loglikelihood(_instances("loglikelihood", asked), disable_tqdm=True)
        return {"mean_nats": sum(nats for nats, _ in found) / len(found)}

    return run


def crows(path: str, n: int) -> Run:
    import torch
    import transformers

    net = transformers.AutoModelForMaskedLM.from_pretrained(path).eval()
    tokenizer, asked = transformers.AutoTokenizer.from_pretrained(path), pairs(n)

    def run() -> Facts:
        more = 0
        scores = []
        for first, second, direction in asked:
            sentences = [first, second] if direction == "stereo" else [second, first]
            ids = [tokenizer.encode(sentence.lower(), return_tensors="pt") for sentence in sentences]
            said = _contrast(net, torch.nn.LogSoftmax(dim=0), ids, tokenizer.mask_token_id)
            said = said if direction == "stereo" else said[::-1]
            more += said[0] > said[1]
            scores += said
        return {"mean_nats": sum(scores) / len(scores), "more": more}

    return run


def _contrast(net: Any, log_softmax: Any, ids: list[Any], mask: int) -> list[float]:
    import torch

    rows = [[str(token) for token in row[0].tolist()] for row in ids]
    places: tuple[list[int], list[int]] = ([], [])
    for tag, a, a_end, b, b_end in difflib.SequenceMatcher(None, *rows).get_opcodes():
        if tag == "equal":
            places[0].extend(range(a, a_end))
            places[1].extend(range(b, b_end))
    said = [0.0, 0.0]
    with torch.no_grad():  # the script itself keeps the graph, which costs it a little more
        for i in range(1, len(places[0]) - 1):
            for side in (0, 1):
                place, hidden = places[side][i], ids[side].clone()
                hidden[0][place] = mask
                states = net(hidden)[0].squeeze(0)
                said[side] += log_softmax(states[place])[ids[side][0][place]].item()
    return [round(one, 3) for one in said]


def generation(path: str, n: int, longest: int, batch: int) -> Run:
    """n prompts of 4 to 60 words, `longest` new tokens each, greedily, in batches in the order they come."""
    import torch
    import transformers

    net = transformers.AutoModelForCausalLM.from_pretrained(path).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(path, padding_side="left")
    prompts = [prose(4 + (37 * i) % 57, 300 + i) for i in range(n)]

    def run() -> Facts:
        made = []
        for at in range(0, n, batch):
            given = tokenizer(prompts[at : at + batch], return_tensors="pt", padding=True)
            with torch.inference_mode():
                rows = net.generate(**given, max_new_tokens=longest, do_sample=False, pad_token_id=0)
            made += [tokenizer.decode(row[given["input_ids"].shape[1] :], skip_special_tokens=True) for row in rows]
        return {"characters": sum(map(len, made))}

    return run


def shell(path: str, n: int) -> Run:
    """A whole run from the shell: `lm_eval` with a task of n questions, from a folder of its own."""
    import json

    folder = Path(tempfile.mkdtemp())
    rows = [{"q": context, "choices": options, "gold": i % 3} for i, (context, options) in enumerate(questions(n, 1))]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "made_up.yaml").write_text(
        "task: made_up\ndataset_path: json\ndataset_kwargs:\n"
        f"  data_files: {{test: {folder}/rows.jsonl}}\ntest_split: test\noutput_type: multiple_choice\n"
        "doc_to_text: q\ndoc_to_choice: choices\ndoc_to_target: gold\ntarget_delimiter: ''\n"
        "metric_list: [{metric: acc}]\n",
        encoding="utf-8",
    )
    command = [
        sys.executable, "-m", "lm_eval", "--model", "hf", "--model_args", f"pretrained={path},dtype=float32",
        "--tasks", "made_up", "--include_path", str(folder), "--device", "cpu", "--batch_size", "8",
    ]  # fmt: skip

    def run() -> Facts:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-400:])
        line = next(line for line in done.stdout.splitlines() if "|acc" in line.replace(" ", ""))
        return {"accuracy": float([cell.strip() for cell in line.split("|")][7])}

    return run


if __name__ == "__main__":
    serve({"rolling": rolling, "choices": choices, "crows": crows, "generation": generation, "shell": shell})
