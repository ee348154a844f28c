"""Low-rank adapters: their numbers, and the GGUF files that llama.cpp loads them from.

An adapter adds (alpha / rank) · B · A to a weight matrix (LoRA, arXiv 2106.09685). Numbers are kept as PEFT has them;
for the architecture `llama`, GGUF has the rows of queries and keys in another order, so those of B are put in it when a
file is written and taken out of it when one is read. Forgetting that gives an adapter that loads and is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qeforge.domain.learning import Shape
from qeforge.learning import libraries
from qeforge.learning.libraries import LearningError

MODULES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""What is adapted, as transformers and as GGUF call it. Embeddings are not: some models share them with the output."""

ARCHITECTURES = ("qwen2", "llama")
"""Whose files and layout are known here."""

BASE_KEY = "qeforge.base"
"""In the file: which model the adapter is for (`ModelFile.identity`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """An adapter's numbers.

    Args:
        alpha: numerator of the factor alpha / rank.
        pairs: by GGUF name without suffix (`blk.0.attn_q`): A (rank × in) and B (out × rank), float32 arrays.
    """

    alpha: float
    pairs: Mapping[str, tuple[Any, Any]]

    @property
    def rank(self) -> int:
        """The largest rank of any pair."""
        return max(int(a.shape[0]) for a, _ in self.pairs.values())

    def delta(self, name: str) -> Any:
        """What is added to a weight matrix."""
        a, b = self.pairs[name]
        return (self.alpha / a.shape[0]) * (b @ a)


def supported(shape: Shape) -> None:
    """Refuses a model whose layout is not known.

    Raises:
        LearningError: the reason.
    """
    if shape.architecture not in ARCHITECTURES:
        raise LearningError(
            f"models of the architecture {shape.architecture!r} cannot be trained: how their tensors are laid out in "
            f"GGUF is known here for {' and '.join(ARCHITECTURES)} only",
            hint="`qeforge models use qwen2.5-coder-0.5b`",
            slug="architecture",
        )


def write(path: Path, adapter: Adapter, shape: Shape, *, base: str) -> None:
    """An adapter as a GGUF file.

    Args:
        path: of the file.
        adapter: the numbers.
        shape: of the model.
        base: identity of the model, so that the file is not used with another.

    Raises:
        OSError: it cannot be written.
    """
    gguf, numpy = libraries.gguf(), libraries.numpy()
    ranks = {int(a.shape[0]) for a, _ in adapter.pairs.values()}
    if len(ranks) != 1:
        raise ValueError(f"pairs of different ranks: {sorted(ranks)}")
    writer = gguf.GGUFWriter(path, shape.architecture)
    try:
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", float(adapter.alpha))
        writer.add_string(BASE_KEY, base)
        for name, (a, b) in adapter.pairs.items():
            writer.add_tensor(f"{name}.weight.lora_a", numpy.ascontiguousarray(a, dtype=numpy.float32))
            rows = _turned(b, _heads(name, shape))
            writer.add_tensor(f"{name}.weight.lora_b", numpy.ascontiguousarray(rows, dtype=numpy.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def read(path: Path, shape: Shape) -> tuple[Adapter, str]:
    """An adapter from its file, and the identity of the model that it is for (empty where the file does not say).

    Raises:
        LearningError: it is damaged, is no adapter, or is one for another kind of model.
    """
    gguf, numpy = libraries.gguf(), libraries.numpy()
    try:
        file = gguf.GGUFReader(path)
        text = {
            key: bytes(field.parts[field.data[0]]).decode("utf-8", "replace")
            for key, field in file.fields.items()
            if field.types and field.types[0] == gguf.GGUFValueType.STRING
        }
        alpha = file.fields.get("adapter.lora.alpha")
        found = {str(tensor.name): tensor for tensor in file.tensors}
        arrays = {
            name: numpy.array(tensor.data, dtype=numpy.float32)
            for name, tensor in found.items()
            if tensor.tensor_type in (gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.F16)
        }
        factor = float(alpha.parts[alpha.data[0]][0]) if alpha is not None else None
    except (OSError, ValueError, KeyError, IndexError, TypeError) as problem:
        raise LearningError(f"{path}: no usable adapter: {problem}", hint="give another file", slug="adapter") from None
    if text.get("general.type") != "adapter" or text.get("adapter.type") != "lora":
        raise LearningError(f"{path}: a GGUF file, but no LoRA adapter", hint="give another file", slug="adapter")
    if text.get("general.architecture") != shape.architecture:
        raise LearningError(
            f"{path}: for a model of the architecture {text.get('general.architecture')!r}, not {shape.architecture!r}",
            hint="`qeforge models use` chooses the model that it is for",
            slug="other-base",
        )
    if factor is None:
        raise LearningError(f"{path}: does not say its alpha", hint="convert it again", slug="adapter")
    pairs = _paired(path, arrays, shape)
    strange = found.keys() - {f"{name}.weight.lora_{side}" for name in pairs for side in "ab"}
    if strange or not pairs:
        what = f"adapts {sorted(strange)[0]}" if strange else "has no pair of matrices"
        raise LearningError(f"{path}: {what}, which is not supported", hint="give another file", slug="adapter")
    return Adapter(alpha=factor, pairs=pairs), text.get(BASE_KEY, "")


def _paired(path: Path, arrays: Mapping[str, Any], shape: Shape) -> dict[str, tuple[Any, Any]]:
    pairs: dict[str, tuple[Any, Any]] = {}
    for layer in range(shape.layers):
        for module in MODULES.values():
            name = f"blk.{layer}.{module}"
            a, b = (arrays.get(f"{name}.weight.lora_{side}") for side in "ab")
            if a is None or b is None:
                continue
            heads = _heads(name, shape)
            if a.ndim != 2 or b.ndim != 2 or a.shape[0] != b.shape[1] or (heads and b.shape[0] % (2 * heads)):
                raise LearningError(f"{path}: {name} has matrices that do not fit", slug="adapter")
            pairs[name] = (a, _turned(b, heads, back=True))
    return pairs


def _heads(name: str, shape: Shape) -> int:
    """How many heads the rows of a matrix are of, where their order differs; else 0."""
    if shape.architecture != "llama":
        return 0
    return {"attn_q": shape.heads, "attn_k": shape.groups}.get(name.rpartition(".")[2], 0)


def _turned(b: Any, heads: int, *, back: bool = False) -> Any:
    """Rows of each head in GGUF's order for rotary embeddings (its two halves interleaved), or back from it."""
    if not heads:
        return b
    rows, rank = b.shape
    half = rows // heads // 2
    form = (heads, half, 2, rank) if back else (heads, 2, half, rank)
    return b.reshape(form).swapaxes(1, 2).reshape(rows, rank)
