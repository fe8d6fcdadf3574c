"""Numbers of lm-evaluation-harness itself, for the tests of its importer to compare with.

    PEER/bin/python benchmarks/lm_eval_reference.py MODEL OUT [FOLDER]

PEER is an environment of its own with the package lm-eval. MODEL is a folder that transformers loads, FOLDER holds
tasks in the harness's format (default: tests/data/lm_eval_tasks). For each task OUT gets the results and, by document,
what was asked (its SHA-256) and what the model said: log-likelihoods or texts. Nothing is fetched.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

TASKS = Path(__file__).resolve().parents[1] / "tests" / "data" / "lm_eval_tasks"


def reference(model: str, folder: Path) -> dict[str, Any]:
    """{"lm_eval": version, "tasks": {name: {"results": ..., "documents": [...]}}}."""
    os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import lm_eval
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    os.chdir(folder)  # the harness takes data files from where it runs
    names = sorted(path.stem for path in folder.glob("*.yaml") if not path.name.startswith("_"))
    manager = TaskManager(include_path=str(folder), include_defaults=False)
    rolling = [name for name in names if "loglikelihood_rolling" in (folder / f"{name}.yaml").read_text("utf-8")]
    tasks = {}
    for name in names:
        # By default the harness puts a BOS before the BOS that such a tokenizer gives, and scores the second.
        plain = {"add_bos_token": False} if name in rolling else {}
        held = HFLM(pretrained=model, device="cpu", dtype="float32", batch_size=4, **plain)
        found = lm_eval.simple_evaluate(
            model=held, tasks=[name], task_manager=manager, log_samples=True, bootstrap_iters=0
        )
        documents: dict[str, Any] = {}
        for sample in found["samples"][name]:
            key = f"{sample['doc_id']}/{sample['filter']}"
            asked = [[str(part) for part in request][:2] for request in _requests(sample)]
            said = [_said(answer) for answers in sample["resps"] for answer in answers]
            scores = {metric: sample[metric] for metric in sample["metrics"] if isinstance(sample[metric], int | float)}
            documents[key] = {"asked": _digest(asked), "said": said, "scores": scores}
        results = {k: v for k, v in found["results"][name].items() if isinstance(v, float) and "stderr" not in k}
        tasks[name] = {"results": results, "documents": documents}
    return {"lm_eval": lm_eval.__version__, "tasks": tasks}


def _requests(sample: dict[str, Any]) -> list[list[Any]]:
    """The requests of a document, each [context, continuation], [text] or [prompt]."""
    held = sample["arguments"]
    rows = list(held.values()) if isinstance(held, dict) else held
    made = []
    for row in rows:
        parts = [row[key] for key in sorted(row)] if isinstance(row, dict) else list(row)
        made.append([part for part in parts if isinstance(part, str)])
    return made


def _said(answer: Any) -> Any:
    return float(answer[0]) if isinstance(answer, list | tuple) else answer


def _digest(asked: list[list[str]]) -> str:
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()


if __name__ == "__main__":
    model_, out_, *folder_ = sys.argv[1:]
    made_ = reference(str(Path(model_).resolve()), Path(folder_[0]).resolve() if folder_ else TASKS)
    Path(out_).write_text(json.dumps(made_, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({name: task["results"] for name, task in made_["tasks"].items()}, indent=1))
