"""How much may be done to one module, in counted work."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be done.

    `seconds` of wall time for the whole loop; `rounds` at most; `first` executions in the first round and `later` in
    each other; `mutants` at most are run; `probes` at most are promoted a round; `pairs` of a survivor and a candidate
    are tried a round.
    """

    seconds: float
    rounds: int
    first: int
    later: int
    mutants: int
    probes: int
    pairs: int = 1_000

    @classmethod
    def within(cls, seconds: float, rounds: int) -> "Limits":
        """Work that two ordinary cores do in about that time."""
        return cls(
            seconds=seconds,
            rounds=rounds,
            first=int(320 * seconds),
            later=int(100 * seconds),
            mutants=int(60 * seconds),
            probes=int(12 * seconds),
            pairs=int(200 * seconds),
        )
