"""The parts of the search that can be left out, to measure what each one buys."""

from enum import StrEnum


class Capability(StrEnum):
    """What the native proposer and the loop around it can do beyond calling with values of the right type."""

    EVIDENCE = "evidence"  # types and constants from what the code does to a parameter
    REPAIR = "repair"  # mends the argument that an exception names
    RESULTS = "results"  # drives what was returned: generators, coroutines, closures, context managers
    RECIPES = "recipes"  # calls found in doctests, tests, documents and call sites
    OPERANDS = "operands"  # puts the other side of a predicate back into the input
    STRINGS = "strings"  # texts from regular expressions and from the module's own tokens
    FAKES = "fakes"  # a fake in the place of each blocked or missing part of the world
    STANDINS = "standins"  # the smallest stand-in that the code accepts for an unknown collaborator
    VARIATION = "variation"  # variations of what came close, kept in an archive by line
    SURVIVORS = "survivors"  # candidates aimed at mutants that are still alive
    SHRINK = "shrink"  # strange values replaced by plain ones
