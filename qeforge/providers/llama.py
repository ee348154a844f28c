"""A model in a GGUF file, run in this process by llama.cpp.

The only module that imports `llama_cpp`.
"""

import threading
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qeforge.domain.provider import Completion, Description, Finish, Listener, Place, Prompt, Usage
from qeforge.errors import ProviderError
from qeforge.providers import adapters
from qeforge.providers.constrained import pieces
from qeforge.providers.gguf import Header, read_header
from qeforge.providers.memory import available_memory

if TYPE_CHECKING:
    from llama_cpp import Llama as Engine

_STEP = 512
"""Contexts grow in steps of so many tokens; a model is loaded with one that holds its first prompt."""

_PIECE = 128
"""Tokens of a prompt that are read between two looks at whether anybody still wants the answer."""

_CIRCLES = 3
"""Times that a model says the same two lines before its answer is over."""

_SPARE = 0.9
"""Share of the free memory that a model may take."""


class Llama:
    """A provider in this process. It answers one question at a time; threads may wait for one another.

    The model is mapped into memory and loaded with the first question. What a prompt has in common with the one before
    is not read again.

    Args:
        path: the GGUF file.
        threads: cores to use, asked before each question: what the judge works on should not be taken.
        name: of the model, for records; that of the file when empty.
        layers_on_gpu: blocks that a graphics card computes, where the library was built for one; -1 for all.
        adapter: a GGUF file with an adapter to use, asked before each question; None for the bare model.

    Raises:
        ProviderError: the file is no model, the package is not installed, or there is too little memory.
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: Callable[[], int] = lambda: 1,
        name: str = "",
        layers_on_gpu: int = -1,
        adapter: Callable[[], Path | None] = lambda: None,
    ) -> None:
        self._path = path
        self._threads = threads
        self._layers = layers_on_gpu
        self._header = read_header(path)
        self._name = name or path.stem
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._embedder: Engine | None = None
        self._format: Callable[[list[dict[str, str]]], tuple[str, bool]] | None = None
        self._closed = False
        self._wanted = adapter
        self._adapter: Path | None = None
        self._attached: Any = None
        _library()
        self._require_memory(2 * _STEP)

    def describe(self) -> Description:
        """What it is."""
        size = f"{self._header.bytes / (1 << 20):.0f} MiB"
        return Description(
            name="llama",
            model=self._name,
            place=Place.PROCESS,
            context=self._header.context,
            embeds=True,
            detail=f"{self._path.name}, {self._header.architecture}, {size}{self._on_card()}",
        )

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, as this model counts."""
        with self._lock:
            return len(self._loaded(0).tokenize(text.encode(), add_bos=False, special=False))

    def complete(self, prompt: Prompt, listener: Listener | None = None) -> Completion:
        """The answer, piece by piece.

        Raises:
            ProviderError: the prompt is longer than the model's window, or the model broke.
        """
        began = time.monotonic()
        with self._lock:
            try:
                tokens = self._tokens(prompt)
                wanted = len(tokens) + prompt.max_tokens + 1
                if wanted > self._header.context:
                    raise ProviderError(
                        f"{self._name}: the prompt has {len(tokens)} tokens, its window {self._header.context}",
                        hint="this target is left to others",
                        slug="context",
                    )
                engine = self._loaded(wanted)
                self._use(self._wanted())
                return self._answer(engine, tokens, prompt, listener or (lambda piece: True), began)
            except (RuntimeError, ValueError) as problem:
                raise ProviderError(f"{self._name}: {problem}", slug="broken-model") from problem

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """The mean of the vectors of each text's tokens, at unit length; what does not fit its window is cut off."""
        with self._lock:
            self._check_open()
            if self._embedder is None:
                self._embedder = self._make(_STEP, embedding=True)
            return [_mean(self._embedder.embed(text or " ", normalize=False, truncate=True)) for text in texts]

    def close(self) -> None:
        """Gives its memory back."""
        with self._lock:
            self._closed = True
            self._end()
            if self._embedder is not None:
                self._embedder.close()
            self._embedder = None

    # -- learning: implements `Runner` --------------------------------------------------------------------------

    def tokens_of(self, prompt: Prompt, answer: str) -> tuple[list[int], int]:
        """A question with an answer, split where the answer begins, as they are when the model answers."""
        with self._lock:
            asked = self._tokens(prompt)
            told = self._loaded(0).tokenize(answer.encode(), add_bos=False, special=False)
            return [*asked, *told], len(asked)

    def losses(self, tokens: Sequence[int], start: int) -> list[float]:
        """Minus the natural logarithm of the probability of each token from `start` on."""
        with self._lock:
            engine, library = self._readied(len(tokens)), _library()
            rows = adapters.after_each(library, engine, tokens, max(1, start))
            return [adapters.surprise(library, row, token) for token, row in rows]

    def logits(self, tokens: Sequence[int]) -> list[float]:
        """What is expected after these tokens."""
        with self._lock:
            engine = self._readied(len(tokens) + 1)
            (found,) = adapters.after_each(_library(), engine, [*tokens, 0], len(tokens))
            return [float(number) for number in found[1]]

    def likeliest(self, tokens: Sequence[int], count: int) -> list[int]:
        """How it goes on, the likeliest token each time."""
        with self._lock:
            engine = self._readied(len(tokens) + count)
            engine.reset()  # type: ignore[no-untyped-call]
            made: list[int] = []
            for token in engine.generate(list(tokens), temp=0.0, repeat_penalty=1.0):
                made.append(token)
                if len(made) == count:
                    break
            return made

    def set_adapter(self, path: Path | None) -> None:
        """Uses an adapter from the next question on; None for the bare model.

        Raises:
            ProviderError: it cannot be used; the bare model is then.
        """
        with self._lock:
            self._check_open()
            self._wanted = lambda: path
            self._use(path)

    # -- parts --------------------------------------------------------------------------------------------------

    def _answer(
        self, engine: "Engine", tokens: list[int], prompt: Prompt, listener: Listener, began: float
    ) -> Completion:
        threads = max(1, self._threads())
        library = _library()
        library.llama_set_n_threads(engine._ctx.ctx, threads, threads)
        cached = self._read(engine, tokens, listener)
        parts: list[str] = []
        finish = Finish.CANCELLED
        for event in pieces(library, engine, tokens, prompt) if cached >= 0 else ():
            choice = event["choices"][0]
            if choice["text"]:
                parts.append(choice["text"])
                if "\n" in choice["text"] and _goes_in_circles("".join(parts)):
                    finish = Finish.STOP
                    break
            if choice["finish_reason"]:
                finish = Finish.LENGTH if choice["finish_reason"] == "length" else Finish.STOP
            elif not listener(choice["text"]):
                break
        text = "".join(parts)
        output = len(engine.tokenize(text.encode(), add_bos=False, special=False)) if text else 0
        return Completion(
            text=text,
            model=self._name,
            finish=finish,
            usage=Usage(input=len(tokens), output=output, cached=max(0, cached)),
            seconds=time.monotonic() - began,
        )

    def _read(self, engine: "Engine", tokens: list[int], listener: Listener) -> int:
        """Reads a prompt in pieces, from where it differs from what was read before; how many tokens that was, -1 when
        nobody wants the answer any more."""
        known = engine.input_ids[: engine.n_tokens]
        common = 0
        for old, new in zip(known, tokens[:-1], strict=False):  # the last one is read again: its logits are needed
            if old != new:
                break
            common += 1
        if common and engine._ctx.kv_cache_seq_rm(-1, common, -1):
            engine.n_tokens = common
        else:
            engine.reset()  # type: ignore[no-untyped-call]
            common = 0
        for start in range(common, len(tokens), _PIECE):
            if not listener(""):
                return -1
            engine.eval(tokens[start : start + _PIECE])
        return common

    def _tokens(self, prompt: Prompt) -> list[int]:
        """A chat in the model's own template, the answer begun."""
        engine = self._loaded(0)
        asked = f"{prompt.shared}\n\n{prompt.ask}".strip()
        if self._format is None:
            self._format = _formatter(engine, self._header)
        text, with_special = self._format(
            [{"role": "system", "content": prompt.system}, {"role": "user", "content": asked}]
        )
        return engine.tokenize((text + prompt.prefill).encode(), add_bos=not with_special, special=True)

    def _loaded(self, tokens: int) -> "Engine":
        """The model with a context of at least so many tokens."""
        self._check_open()
        if self._engine is None or self._engine.n_ctx() < tokens:
            context = min(self._header.context, max(4 * _STEP, -(-tokens // _STEP) * _STEP))
            self._require_memory(context)
            self._end()
            self._engine = self._make(context)
        return self._engine

    def _use(self, path: Path | None) -> None:
        """Changes the adapter, where it is another one than before."""
        if path == self._adapter:
            return
        engine = self._loaded(0)
        self._detach(engine)
        if path is not None:
            self._attached = adapters.attach(_library(), engine, path)
        self._adapter = path

    def _readied(self, tokens: int) -> "Engine":
        """The same, with all of its cores."""
        if tokens > self._header.context:
            raise ProviderError(f"{self._name}: {tokens} tokens, its window is {self._header.context}", slug="context")
        engine, threads = self._loaded(tokens), max(1, self._threads())
        self._use(self._wanted())
        _library().llama_set_n_threads(engine._ctx.ctx, threads, threads)
        return engine

    def _detach(self, engine: "Engine") -> None:
        attached, self._attached, self._adapter = self._attached, None, None
        if attached is not None:
            adapters.detach(_library(), engine, attached)

    def _end(self) -> None:
        """Closes the model; its adapter goes first."""
        engine, self._engine = self._engine, None
        if engine is not None:
            self._detach(engine)
            engine.close()

    def _make(self, context: int, **more: Any) -> "Engine":
        library = _library()
        threads = max(1, self._threads())
        on_gpu = self._layers if offloads() else 0
        try:
            made: Engine = library.Llama(
                str(self._path),
                n_ctx=context,
                n_batch=_STEP,
                n_threads=threads,
                n_threads_batch=threads,
                n_gpu_layers=on_gpu,
                use_mmap=True,
                verbose=False,
                **more,
            )
            return made
        except (ValueError, RuntimeError, AssertionError) as problem:
            raise ProviderError(
                f"{self._path}: llama.cpp cannot load it (architecture {self._header.architecture})",
                hint="`qeforge models verify` checks the file; a newer llama-cpp-python may know the architecture"
                + ("; with fewer local.gpu-layers it may fit the graphics card" if on_gpu else ""),
                slug="unknown-architecture",
            ) from problem

    def _on_card(self) -> str:
        if not self._layers or not offloads():
            return ""
        return f", {'all' if self._layers < 0 else self._layers} layers on the graphics card"

    def _require_memory(self, context: int) -> None:
        free = available_memory()
        needed = self._header.memory(context)
        if free is not None and needed > _SPARE * free:
            raise ProviderError(
                f"{self._name}: needs {needed >> 20} MiB of memory, {free >> 20} MiB are free",
                hint="choose a smaller model: `qeforge models list`",
                slug="memory",
            )

    def _check_open(self) -> None:
        if self._closed:
            raise ProviderError(f"{self._name}: closed", slug="cancelled")


def _goes_in_circles(text: str) -> bool:
    """Whether the last two whole lines were said twice before: small models do not get out of that again."""
    lines = [line for line in text.splitlines()[: None if text.endswith("\n") else -1] if line.strip()]
    pairs = list(pairwise(lines))
    return pairs.count(pairs[-1]) >= _CIRCLES if pairs else False


def _mean(vectors: Any) -> list[float]:
    """The mean of the vectors of a text's tokens (or the one vector of all), at unit length."""
    rows = vectors if isinstance(vectors[0], list) else [vectors]
    total = [sum(column) for column in zip(*rows, strict=True)]
    length = sum(number * number for number in total) ** 0.5 or 1.0
    return [number / length for number in total]


def _library() -> Any:
    try:
        import llama_cpp
    except ImportError:
        raise ProviderError(
            "the local engine needs the package llama-cpp-python",
            hint="pip install 'qeforge[local]'",
            slug="missing-extra",
        ) from None
    return llama_cpp


def offloads() -> bool:
    """Whether llama.cpp was built so that it can use a graphics card.

    Raises:
        ProviderError: it is not installed.
    """
    return bool(_library().llama_supports_gpu_offload())


def _formatter(engine: "Engine", header: Header) -> Callable[[list[dict[str, str]]], tuple[str, bool]]:
    """Writes messages as the model was taught; whether that begins with a special token is the second result."""
    if not header.template:
        return lambda messages: ("\n\n".join(each["content"] for each in messages) + "\n\n", False)
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    def piece(token: int) -> str:
        return engine.detokenize([token], special=True).decode("utf-8", "replace") if token >= 0 else ""

    written = Jinja2ChatFormatter(
        template=header.template,
        eos_token=piece(engine.token_eos()),
        bos_token=piece(engine.token_bos()),
        add_generation_prompt=True,
    )

    def form(messages: list[dict[str, str]]) -> tuple[str, bool]:
        try:
            made = written(messages=messages)  # type: ignore[arg-type]
        except ValueError:  # a template that knows no system's part refuses it
            whole = "\n\n".join(each["content"] for each in messages)
            made = written(messages=[{"role": "user", "content": whole}])
        return made.prompt, bool(made.added_special)

    return form
