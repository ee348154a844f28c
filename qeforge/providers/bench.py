"""How fast a model is on this machine: tokens a second, of a question and of an answer."""

import time
from collections.abc import Callable

from qeforge.domain.provider import Prompt, Provider
from qeforge.errors import ProviderError
from qeforge.providers.shelf import Speed

TOKENS = 64
"""Of the answer that is measured."""

_SOURCE = '''
def wrap(text: str, width: int = 70, *, indent: str = "", keep_words: bool = True) -> list[str]:
    """Breaks a text into lines of at most `width` characters, the indent included."""
    if width <= len(indent):
        raise ValueError(f"a width of {width} leaves no room behind {indent!r}")
    lines: list[str] = []
    line = indent
    for word in text.split():
        if len(line) + len(word) + (line != indent) > width and line != indent:
            lines.append(line)
            line = indent
        while not keep_words and len(line) + len(word) > width:
            room = width - len(line)
            lines.append(line + word[:room])
            word, line = word[room:], indent
        line += word if line == indent else " " + word
    if line != indent:
        lines.append(line)
    return lines
'''

_WARM = Prompt(system="You are brief.", shared="", ask="Say yes.", max_tokens=2)
_MEASURED = Prompt(
    system="You are an experienced tester of Python code.",
    shared=_SOURCE,
    ask="Write twenty different calls of wrap, one a line, with arguments that are as unlike each other as can be.",
    prefill="wrap(",
    max_tokens=TOKENS,
)


def measure(provider: Provider, *, date: str, clock: Callable[[], float] = time.monotonic) -> Speed:
    """Asks it something of the usual length, after a word to warm up.

    Args:
        provider: the model.
        date: for the record.
        clock: seconds.

    Raises:
        ProviderError: of the provider; or its answer is too short to measure.
    """
    provider.complete(_WARM)
    heard: list[float] = []

    def listen(piece: str) -> bool:
        if piece:  # while it reads, it only asks whether to go on
            heard.append(clock())
        return True

    began = clock()
    answer = provider.complete(_MEASURED, listen)
    tokens = answer.usage.output or len(heard)
    if len(heard) < 2 or tokens < 2 or heard[-1] <= heard[0]:
        raise ProviderError(f"{answer.model}: its answer is too short to measure", slug="empty")
    read = answer.usage.input - answer.usage.cached or provider.count_tokens(_MEASURED.text)
    return Speed(
        answer=round((tokens - 1) / (heard[-1] - heard[0]), 1),
        question=round(read / max(heard[0] - began, 1e-6), 1),
        date=date,
    )
