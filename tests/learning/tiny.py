"""Models of a few thousand random numbers, as real GGUF files: what holds for them holds for large ones."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from qeforge.domain.learning import Example, Runner, Shape
from qeforge.domain.provider import Completion, Description, Finish, Listener, Prompt, Usage
from qeforge.learning.data import is_held_out
from qeforge.learning.lesson import Plan, Pupil
from qeforge.learning.snapshots import Snapshots, identity_of

WIDTH, LAYERS, HEADS, GROUPS, INNER = 64, 2, 4, 2, 128


def tiny_model(path: Path, architecture: str = "llama") -> Path:
    """Writes one; skips the test where the packages of `learn` are missing."""
    gguf = pytest.importorskip("gguf")
    numpy = pytest.importorskip("numpy")
    generator = numpy.random.default_rng(7)
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [2, 3, 3, *[6] * 256]
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("tiny")
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(GROUPS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)

    def tensor(name: str, *shape: int, one: bool = False) -> None:
        values = numpy.ones(shape) if one else generator.normal(0.0, 0.2, size=shape)
        writer.add_tensor(name, values.astype(numpy.float32))

    tensor("token_embd.weight", len(tokens), WIDTH)
    tensor("output_norm.weight", WIDTH, one=True)
    tensor("output.weight", len(tokens), WIDTH)
    small = WIDTH // HEADS * GROUPS
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        tensor(f"{block}attn_norm.weight", WIDTH, one=True)
        tensor(f"{block}ffn_norm.weight", WIDTH, one=True)
        for name, rows in (("q", WIDTH), ("k", small), ("v", small)):
            tensor(f"{block}attn_{name}.weight", rows, WIDTH)
            if architecture == "qwen2":
                tensor(f"{block}attn_{name}.bias", rows)
        tensor(f"{block}attn_output.weight", WIDTH, WIDTH)
        tensor(f"{block}ffn_gate.weight", INNER, WIDTH)
        tensor(f"{block}ffn_up.weight", INNER, WIDTH)
        tensor(f"{block}ffn_down.weight", WIDTH, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def shape_of(architecture: str = "llama") -> Shape:
    return Shape(architecture=architecture, layers=LAYERS, heads=HEADS, groups=GROUPS, parameters=150_000)


def pupil_of(path: Path, home: Path, shape: Shape) -> Pupil:
    """The model in a file with a folder for what it learns."""
    from qeforge.providers.llama import Llama

    @contextmanager
    def opened() -> Iterator[Runner]:
        with closing(Llama(path)) as runner:
            yield runner

    return Pupil(
        name=path.stem, path=path, shape=shape, identity=identity_of(path), snapshots=Snapshots(home), open=opened
    )


def example(target: str, *, project: str = "shop", accepted: str = "1, 2)\n```", at: float = 0.0) -> Example:
    return Example(
        at=at,
        project=project,
        target=target,
        model="tiny",
        system="Write calls.",
        ask=f"Call {target}.",
        prefill=f"```python\n{target}(",
        accepted=accepted,
        kept=int(bool(accepted)),
    )


def examples(project: str = "shop", *, train: int = 6, held: int = 2, answer: str = "1, 2)\n```") -> list[Example]:
    """So many on either side of the split."""
    names = [f"f{number}" for number in range(200)]
    out = [name for name in names if is_held_out(project, name)][:held]
    kept = [name for name in names if not is_held_out(project, name)][:train]
    return [example(name, project=project, accepted=answer, at=float(n)) for n, name in enumerate([*kept, *out])]


def plan(**changes: Any) -> Plan:
    fields: dict[str, Any] = {
        "rank": 2,
        "steps": 4,
        "examples": 16,
        "seconds": 600.0,
        "free": None,
        "cores": 1,
        "tell": lambda line: None,
    }
    return Plan(**{**fields, **changes})


CODE = """def sign(number):
    if number < 0:
        return "-"
    return "+"
"""


class Echo:
    """Answers every question with the same words."""

    def __init__(self, text: str) -> None:
        self.text, self.asked = text, 0

    def describe(self) -> Description:
        raise NotImplementedError

    def count_tokens(self, text: str) -> int:
        return len(text) // 4

    def complete(self, prompt: Prompt, listener: Listener | None = None) -> Completion:
        self.asked += 1
        return Completion(text=self.text, model="echo", usage=Usage(), seconds=0.1, finish=Finish.STOP)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""
