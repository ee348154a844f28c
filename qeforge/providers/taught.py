"""What a model can learn from one of its answers: how it would have gone on, had all of it been good."""

from collections.abc import Collection, Sequence

from qeforge.domain.candidate import Candidate
from qeforge.domain.learning import Example
from qeforge.domain.provider import Prompt

_FENCE = "```"
_OPENING = f"{_FENCE}python\n"


def example_of(
    prompt: Prompt, candidates: Sequence[Candidate], good: Collection[str], *, at: float, project: str, model: str
) -> Example:
    """The example that an answer gives.

    The accepted answer has the good candidates in their order, first one that goes on as the answer was begun; where
    none does, the beginning is left out, so that the model is not taught to contradict it. Comments in the beginning
    are left out too: whether a call does what they say is not known.

    Args:
        prompt: the question.
        candidates: of the answer, at least one.
        good: keys of those that were confirmed, and met a goal or killed a mutant.
        at: seconds since 1970.
        project: for the record.
        model: who answered.
    """
    kept = [one for one in candidates if one.key in good]
    texts = [_snippet(one) for one in kept]
    lines = prompt.prefill.removeprefix(_OPENING).splitlines()
    begun = "\n".join(line for line in lines if not line.startswith("#"))
    texts.sort(key=lambda text: not text.startswith(begun))
    whole = _OPENING + ("\n" if all("\n" not in text for text in texts) else "\n\n").join(texts) + f"\n{_FENCE}"
    prefill = _OPENING + begun if whole.startswith(_OPENING + begun) else _OPENING
    return Example(
        at=at,
        project=project,
        target=candidates[0].target,
        model=model,
        system=prompt.system,
        ask=f"{prompt.shared}\n\n{prompt.ask}".strip(),
        prefill=prefill,
        accepted=whole.removeprefix(prefill) if kept else "",
        kept=len(kept),
        rejected=tuple(_snippet(one) for one in candidates if one.key not in good),
        grammar=prompt.grammar if begun and prefill.endswith(begun) else "",
    )


def _snippet(candidate: Candidate) -> str:
    return "\n".join((*candidate.arrange, candidate.act))
