"""A model that can be trained: its GGUF file dequantised by transformers, an adapter of PEFT on top."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qeforge.domain.learning import Shape
from qeforge.learning import libraries
from qeforge.learning.adapter import MODULES, Adapter, supported
from qeforge.learning.data import Read
from qeforge.learning.libraries import LearningError

FACTOR = 2.0
"""alpha / rank of what is trained."""

_TARGETS = tuple(name.rpartition(".")[2] for name in MODULES)


def estimate(shape: Shape, *, tokens: int, steps: int, cores: int) -> tuple[float, int]:
    """Seconds and bytes that training takes, about.

    Fitted to smollm2-135m and qwen2.5-coder-0.5b with answers of 400 tokens on two cores: loading takes 8 s and 0.1 µs
    for each parameter, a step some six operations for each parameter and token at 60 G/s for each core; memory was
    highest while the file is read, ten bytes for each parameter and 1.3 GB besides.

    Args:
        shape: of the model.
        tokens: of one step.
        steps: of training; looking at held-out examples counts a third.
        cores: that are free.
    """
    load = 8 + 1e-7 * shape.parameters
    step = 6 * shape.parameters * tokens / (60e9 * max(1, cores))
    return load + steps * step, 10 * shape.parameters + 1_300_000_000


class Base:
    """A model in float32 with a fresh adapter: A random, B zero, so that it changes nothing yet.

    Args:
        path: the GGUF file.
        shape: of the model in it.
        rank: of the adapter.
        seed: of A.

    Raises:
        LearningError: the packages are missing, the architecture is not known, or there is too little memory.
    """

    def __init__(self, path: Path, shape: Shape, *, rank: int, seed: int = 0) -> None:
        supported(shape)
        torch, transformers, peft = libraries.torch(), libraries.transformers(), libraries.peft()
        torch.set_num_threads(_cores())
        torch.manual_seed(seed)
        self.shape = shape
        self.rank = rank
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        with memory_told(), libraries.quiet():
            model = transformers.AutoModelForCausalLM.from_pretrained(
                str(path.parent),
                gguf_file=path.name,
                dtype=torch.float32,
                quantization_config=transformers.GgufConfig(dequantize=True),
            )
            self._model = peft.get_peft_model(
                model,
                peft.LoraConfig(
                    r=rank,
                    lora_alpha=FACTOR * rank,
                    target_modules=list(_TARGETS),
                    lora_dropout=0.0,
                    bias="none",
                    task_type="CAUSAL_LM",
                ),
            ).to(self.device)
        self._model.eval()  # there is no dropout: this says so
        self.modules: dict[str, Any] = dict(_modules(self._model))

    def renew(self, seed: int) -> None:
        """A fresh adapter again: A random as PEFT makes it, B zero."""
        torch = libraries.torch()
        torch.manual_seed(seed)
        with torch.no_grad():
            for module in self.modules.values():
                torch.nn.init.kaiming_uniform_(module.lora_A.default.weight, a=5**0.5)
                module.lora_B.default.weight.zero_()

    def add(self, under: Adapter) -> None:
        """Puts an adapter that is in force already into the weights, where it is not trained."""
        torch = libraries.torch()
        with torch.no_grad():
            for name in under.pairs:
                weight = self.modules[name].base_layer.weight
                weight += torch.as_tensor(under.delta(name), device=weight.device)

    def parameters(self) -> dict[str, Any]:
        """What is trained, by the names that GGUF uses."""
        found = {}
        for name, module in self.modules.items():
            found[f"{name}.lora_a"] = module.lora_A.default.weight
            found[f"{name}.lora_b"] = module.lora_B.default.weight
        return found

    def loss(self, example: Read) -> Any:
        """Mean loss over the answer's tokens; a tensor that gradients can be taken of."""
        torch = libraries.torch()
        with memory_told():
            tokens = torch.tensor([example.tokens], device=self.device)
            wanted = tokens[0, example.start :]
            seen = self._model(input_ids=tokens, logits_to_keep=len(wanted) + 1, use_cache=False).logits[0, :-1]
            return torch.nn.functional.cross_entropy(seen.float(), wanted)

    def gradients(self, example: Read) -> dict[str, Any]:
        """Of the loss of one example, by what is trained."""
        torch, wanted = libraries.torch(), self.parameters()
        with memory_told():
            found = torch.autograd.grad(self.loss(example), list(wanted.values()))
        return dict(zip(wanted, found, strict=True))

    def tensors(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """Arrays as tensors where the model is."""
        torch = libraries.torch()
        return {name: torch.as_tensor(array, device=self.device) for name, array in arrays.items()}

    def mean_loss(self, examples: Iterable[Read]) -> float:
        """Mean loss over all tokens of all answers, without gradients."""
        with libraries.torch().no_grad():
            losses: list[tuple[float, int]] = [(self.loss(one).item(), len(one.tokens) - one.start) for one in examples]
        return sum(loss * count for loss, count in losses) / sum(count for _, count in losses)

    def logits(self, tokens: Sequence[int]) -> list[float]:
        """What is expected after these tokens."""
        torch = libraries.torch()
        with torch.no_grad():
            given = torch.tensor([list(tokens)], device=self.device)
            found = self._model(input_ids=given, logits_to_keep=1, use_cache=False).logits[0, -1]
            return [float(number) for number in found]

    def adapter(self) -> Adapter:
        """A copy of what was trained."""
        pairs = {
            name: (_numbers(module.lora_A.default.weight), _numbers(module.lora_B.default.weight))
            for name, module in self.modules.items()
        }
        return Adapter(alpha=FACTOR * self.rank, pairs=pairs)

    def put(self, adapter: Adapter) -> None:
        """Takes an adapter's numbers for those that are trained; its factor goes into B."""
        torch = libraries.torch()
        with torch.no_grad():
            for name, (a, b) in adapter.pairs.items():
                module = self.modules[name]
                scale = adapter.alpha / len(a) / FACTOR
                module.lora_A.default.weight.copy_(torch.as_tensor(a))
                module.lora_B.default.weight.copy_(torch.as_tensor(b * scale))


def descend(base: Base, loss: Any, optimiser: Any) -> None:
    """One step down the gradient of a loss, which is cut to a length of one where it is steep."""
    torch = libraries.torch()
    with memory_told():
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(base.parameters().values()), 1.0)
        optimiser.step()


def _modules(model: Any) -> Iterator[tuple[str, Any]]:
    for path, module in model.named_modules():
        if not hasattr(module, "lora_A"):
            continue
        _, _, inner = path.partition(".layers.")
        layer, _, name = inner.partition(".")
        yield f"blk.{layer}.{MODULES[name]}", module


def _numbers(tensor: Any) -> Any:
    return tensor.detach().cpu().numpy().copy()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def memory_told() -> Iterator[None]:
    """Too little memory is one clear line."""
    try:
        yield
    except (MemoryError, RuntimeError) as problem:
        text = str(problem)
        if isinstance(problem, MemoryError) or "memory" in text or "alloc" in text:
            raise LearningError(
                "out of memory while training; what was learned before stays",
                hint="a smaller model, or fewer programs beside it",
                slug="memory",
            ) from None
        raise
