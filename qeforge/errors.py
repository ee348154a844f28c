"""The exception tree.

::

    QeforgeError                    anything qeforge reports in one line
    ├── UsageError          exit 2  what was asked cannot be meant
    │   └── ConfigError     exit 2  a setting is unknown or has the wrong type
    ├── GoalUnmet           exit 1  it ran, and the result is below what was asked
    └── UnavailableError    exit 3  the environment lacks something
        ├── InterpreterError        no usable Python for the project
        ├── ProviderError           a model that cannot be asked, or did not answer
        │   └── PrivacyError        something would have left the machine
        └── WriteError              the output cannot be written

Failures of the code under test are not in it: those are values (`Observation`, `SkippedModule`).
"""

from collections.abc import Mapping


class QeforgeError(Exception):
    """One clear line for the user: what, where, and what to do.

    Args:
        message: what is wrong and where, with the offending value.
        hint: what to do next; empty when the message already says it.
        slug: stable short name of the kind of failure, used under `--json`.
    """

    exit_code = 4
    default_slug = "internal"

    def __init__(self, message: str, *, hint: str = "", slug: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.slug = slug or self.default_slug


class UsageError(QeforgeError):
    """What was asked cannot be meant."""

    exit_code = 2
    default_slug = "usage"


class ConfigError(UsageError):
    """A setting is unknown or has the wrong type."""

    default_slug = "config"


class GoalUnmet(QeforgeError):
    """It ran, and the result is below what was asked."""

    exit_code = 1
    default_slug = "goal-unmet"


class UnavailableError(QeforgeError):
    """The environment lacks something."""

    exit_code = 3
    default_slug = "unavailable"


class InterpreterError(UnavailableError):
    """No usable Python interpreter for the project."""

    default_slug = "interpreter"


class ProviderError(UnavailableError):
    """A model that cannot be asked, or did not answer.

    `transient` says that the same question may be answered later (a limit of requests, an overloaded server, a cut
    connection); `retry_after` is in how many seconds, where the other side said so; `spent` is what was used all the
    same, tokens by the names of a `Usage`.
    """

    default_slug = "provider"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        slug: str = "",
        transient: bool = False,
        retry_after: float | None = None,
        spent: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, slug=slug)
        self.transient = transient
        self.retry_after = retry_after
        self.spent = dict(spent or {})


class PrivacyError(ProviderError):
    """Something would have left the machine that must not."""

    default_slug = "privacy"


class WriteError(UnavailableError):
    """The output cannot be written."""

    default_slug = "write"
