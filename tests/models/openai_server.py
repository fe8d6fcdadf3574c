"""A small OpenAI-compatible server over a real transformers model: right by default, wrong in the ways asked for.

    with Serving(folder) as server: ...               # server.url
    with Serving(folder, "off by one") as server: ...  # every log-prob of a prompt stands one token early

Faults: off by one, late by one, ignores logprobs, ignores echo, no prompt log-probs, ignores n, ignores seed, ignores
stop, no usage, llama.cpp (log-probs of generated tokens alone, as a list of objects), unnormalized, too small,
nondeterministic, no chat, chat only, refuses max_tokens 0; and, each on the first sight of a request: 429, 500,
truncated, stalls. `broken_after` refuses all after so many answers.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch

EVERY = 3  # one request in so many stalls on its first sight
RETRY_AFTER = 0.25


class Model:
    """A causal model and its tokenizer, one token after another, all logits in float32."""

    def __init__(self, folder: str) -> None:
        import transformers

        self.net = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.read: dict[tuple[int, ...], torch.Tensor] = {}  # many tests send the same texts

    def encoded(self, text: str) -> list[int]:
        """As servers do, with the start token where the tokenizer puts one."""
        ids: list[int] = self.tokenizer(text)["input_ids"]
        return ids

    def pieces(self, ids: list[int]) -> list[str]:
        """What each token adds to the text, as servers show it."""
        special = set(self.tokenizer.all_special_ids)
        return [self.tokenizer.convert_ids_to_tokens(i) if i in special else self.tokenizer.decode([i]) for i in ids]

    def log_probs(self, ids: list[int]) -> torch.Tensor:
        """[t V]: row i is of what follows ids[i]."""
        if (key := tuple(ids)) not in self.read:
            with torch.inference_mode():
                self.read[key] = self.net(torch.tensor([ids])).logits[0].double().log_softmax(-1)
        return self.read[key]

    def continued(self, ids: list[int], longest: int, temperature: float, seed: int) -> tuple[list[int], list[Any]]:
        """Token ids drawn one by one, and the log-probs [V] each was drawn from."""
        chance = torch.Generator().manual_seed(seed)
        made: list[int] = []
        rows = []
        for _ in range(longest):
            row = self.log_probs([*ids, *made])[-1]
            if temperature == 0:
                token = int(row.argmax())
            else:
                token = int(torch.multinomial((row / temperature).softmax(-1), 1, generator=chance))
            if token == self.tokenizer.eos_token_id:
                break
            made.append(token)
            rows.append(row)
        return made, rows


class Serving:
    """The server for as long as the block lasts. answers: whole ones by path; bodies: of the requests they answer."""

    def __init__(self, folder: str, *faults: str, key: str = "", model: Model | None = None) -> None:
        self.model, self.faults, self.key = model or Model(folder), set(faults), key
        self.answers: Counter[str] = Counter()
        self.keys: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.broken_after: int | None = None
        self.broken_status = 501  # not asked for again; 500 is
        self.too_early, self.waited = 0, 0  # requests that came again before and after the time of `Retry-After`
        self._met: dict[bytes, float] = {}
        self._turn = threading.Lock()
        self._calls = 0
        self.closing = threading.Event()

    def __enter__(self) -> Serving:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None: ...

            def do_GET(self) -> None:
                if self._admitted():
                    self._send(200, {"object": "list", "data": [{"id": "tiny", "object": "model"}]})

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                if self._admitted():
                    outer.answer(self, json.loads(raw), raw)

            def _admitted(self) -> bool:
                """Whether the key is right; a wrong one is repeated in the refusal, as some servers do."""
                given = self.headers.get("Authorization", "")
                outer.keys.append(given)
                if outer.key and given != f"Bearer {outer.key}":
                    self._send(401, {"error": {"message": f"Incorrect API key provided: {given}"}})
                    return False
                return True

            def _send(self, status: int, body: Any, cut: int = 0, **headers: str) -> None:
                raw = json.dumps(body).encode()
                raw = raw[: len(raw) - cut]
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None: ...  # a client that gave up is no fault of the server's

        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()

    def answer(self, to: Any, body: dict[str, Any], raw: bytes) -> None:
        path = to.path.removeprefix("/v1")
        with self._turn:
            self._calls += 1
            first, then = raw not in self._met, self._met.get(raw)
            self._met.setdefault(raw, time.monotonic())
            number = len(self._met)
            if self.broken_after is not None and sum(self.answers.values()) >= self.broken_after:
                to._send(self.broken_status, {"error": {"message": "out of order"}})
                return
        if "429" in self.faults:
            if first:
                to._send(429, {"error": {"message": "slow down"}}, Retry_After=str(RETRY_AFTER))
                return
            self.waited += then is not None
            self.too_early += then is not None and time.monotonic() - then < RETRY_AFTER
        if first and "500" in self.faults:
            to._send(500, {"error": {"message": "out of order"}})
            return
        if first and "stalls" in self.faults and number % EVERY == 0:
            self.closing.wait(30)
            return
        status, said = self._said(path, body)
        with self._turn:
            if status == 200 and not (first and "truncated" in self.faults):
                self.answers[path] += 1
                self.bodies.append(body)
        to._send(status, said, cut=20 if first and "truncated" in self.faults else 0)

    def _said(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        offered = {"/completions": "chat only" not in self.faults, "/chat/completions": "no chat" not in self.faults}
        if not offered.get(path):
            return 404, {"error": {"message": f"no {path} here"}}
        with self._turn:
            if path == "/completions":
                return self._completion(body)
            prompt = "".join(f"{m['role']}: {m['content']}\n" for m in body["messages"]) + "assistant:"
            status, said = self._completion({**body, "prompt": prompt, "logprobs": None, "echo": False})
            for choice in said.get("choices", []):
                choice["message"] = {"role": "assistant", "content": choice.pop("text")}
            return status, said

    def _completion(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        prompt, longest = body["prompt"], body.get("max_tokens", 16)
        ids = self.model.encoded(prompt)
        if longest == 0 and "refuses max_tokens 0" in self.faults:
            return 400, {"error": {"message": "max_tokens must be at least 1"}}
        if len(ids) + longest > self.model.net.config.max_position_embeddings:
            return 400, {"error": {"message": f"maximum context length is exceeded by {len(ids) + longest} tokens"}}
        temperature = body.get("temperature", 1.0)
        if "nondeterministic" in self.faults:
            temperature = max(temperature, 0.7)
        seed = body.get("seed")
        if seed is None or {"ignores seed", "nondeterministic"} & self.faults:
            seed = self._calls
        choices, made_all = [], 0
        for i in range(1 if "ignores n" in self.faults else body.get("n", 1)):
            made, rows = self.model.continued(ids, longest, temperature, seed * 1000 + i)
            made_all += len(made)
            choices.append(self._choice(i, body, ids, made, rows))
        usage = {"prompt_tokens": len(ids), "completion_tokens": made_all, "total_tokens": len(ids) + made_all}
        return 200, {"choices": choices, "model": "tiny", **({} if "no usage" in self.faults else {"usage": usage})}

    def _choice(self, i: int, body: dict[str, Any], given: list[int], made: list[int], rows: list[Any]) -> Any:
        before = self.model.tokenizer.decode(given, skip_special_tokens=True)
        text = self.model.tokenizer.decode([*given, *made], skip_special_tokens=True)[len(before) :]
        for stop in [] if "ignores stop" in self.faults else body.get("stop") or []:
            text = text.partition(stop)[0]
        echo = body.get("echo") and not {"ignores echo", "llama.cpp"} & self.faults
        whole = body["prompt"] + text if echo else text
        told: dict[str, Any] = {"index": i, "text": whole, "finish_reason": "length", "logprobs": None}
        count = body.get("logprobs")
        if count is None or "ignores logprobs" in self.faults:
            return told
        tokens, shares = list(made), list(rows)
        if echo and "no prompt log-probs" not in self.faults:
            prompt = [None, *self.model.log_probs(given)[:-1]]
            if "off by one" in self.faults:
                prompt = [*prompt[1:], prompt[-1]]
                given_ids = [*given[1:], given[-1]]
            else:
                given_ids = given
            if "late by one" in self.faults:
                prompt, given_ids = [None, *prompt[:-1]], [given[0], *given[:-1]]
            nats = [None if row is None else float(row[t]) for row, t in zip(prompt, given_ids, strict=True)]
            tokens, shares = [*given, *made], [*prompt, *rows]
        else:
            nats = []
        nats += [float(row[t]) for row, t in zip(rows, made, strict=True)]
        shift = {"unnormalized": 2.0, "too small": -2.0}
        moved = sum(shift.get(fault, 0.0) for fault in self.faults)
        jitter = 0.5 * torch.rand(1).item() if "nondeterministic" in self.faults else 0.0
        if "llama.cpp" in self.faults:
            told["logprobs"] = {"content": self._content(made, rows, count)}
            return told
        told["logprobs"] = {
            "tokens": self.model.pieces(tokens),
            "token_logprobs": [None if x is None else x + moved - jitter for x in nats],
            "top_logprobs": [None if row is None else self._top(row, count, moved) for row in shares],
        }
        return told

    def _content(self, made: list[int], rows: list[Any], count: int) -> list[dict[str, Any]]:
        """Log-probs of what was generated alone, spelled as in a chat, whatever `echo` asks for."""
        names = self.model.pieces(made)
        tops = [[{"token": t, "logprob": x} for t, x in self._top(row, min(count, 20), 0.0).items()] for row in rows]
        return [
            {"token": name, "logprob": float(row[i]), "top_logprobs": top}
            for name, i, row, top in zip(names, made, rows, tops, strict=True)
        ]

    def _top(self, row: torch.Tensor, count: int, moved: float) -> dict[str, float]:
        best = row.topk(min(count, len(row)))
        names = self.model.tokenizer.convert_ids_to_tokens(best.indices.tolist())
        return {name: x + moved for name, x in zip(names, best.values.tolist(), strict=True)}


def tiny_folder(place: Path) -> str:
    """A random GPT-2 of two layers that reads 320 tokens of ASCII, on disk; its answers depend on all it has read."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    letters = ["Ġ" if c == 32 else "Ċ" if c == 10 else chr(c) for c in (10, *range(32, 127))]
    pairs = [(a, b) for a in ("Ġ", *"etaoinshrdlu") for b in "etaoinshrdlumcwfgypbvk"]
    pieces = ["<pad>", "<s>", "</s>", *letters, *(a + b for a, b in pairs)]
    cut = Tokenizer(models.BPE({t: i for i, t in enumerate(pieces)}, pairs))
    cut.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    cut.decoder = decoders.ByteLevel()
    cut.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=cut, bos_token="<s>", eos_token="</s>")
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(pieces), n_positions=320, n_embd=32, n_layer=2, n_head=2, bos_token_id=1, eos_token_id=2
    )
    net = transformers.GPT2LMHeadModel(config)
    with torch.no_grad():
        for weight in net.parameters():
            weight.mul_(6 if weight.dim() > 1 else 1)
    net.eval().save_pretrained(place)
    tokenizer.save_pretrained(place)
    return str(place)
