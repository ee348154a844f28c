"""Trap: the result is what is said on the side: logs, warnings, output on both streams."""

import logging
import sys
import warnings

logger = logging.getLogger(__name__)
audit = logging.getLogger("audit")


class LegacyWarning(UserWarning):
    """An old way is used."""


def load_level(name: str) -> int:
    """The number of a logging level; complains about unknown ones."""
    level = logging.getLevelName(name.upper())
    if not isinstance(level, int):
        logger.warning("unknown level %r, using INFO", name)
        return logging.INFO
    logger.debug("level %s is %d", name, level)
    return level


def old_area(width: float, height: float) -> float:
    """Deprecated."""
    warnings.warn("old_area is deprecated, use area", DeprecationWarning, stacklevel=2)
    return width * height


def read_flag(value: str) -> bool:
    """Takes old spellings with a warning."""
    if value in ("on", "off"):
        warnings.warn(f"{value!r} is an old spelling", LegacyWarning, stacklevel=2)
        return value == "on"
    if value not in ("true", "false"):
        raise ValueError(f"not a flag: {value!r}")
    return value == "true"


def transfer(amount: int, limit: int = 100) -> bool:
    """Writes an audit record either way."""
    if amount > limit:
        audit.error("refused %d above %d", amount, limit, extra={"amount": amount})
        return False
    audit.info("moved %d", amount)
    return True


def divide(left: int, right: int) -> float | None:
    """Logs the traceback instead of raising."""
    try:
        return left / right
    except ZeroDivisionError:
        logger.exception("cannot divide %d", left)
        return None


def show(rows: list[str], *, quiet: bool = False) -> None:
    """Rows on standard output, their number on standard error."""
    if not quiet:
        for row in rows:
            print(row)
    print(f"{len(rows)} rows", file=sys.stderr)


def configure(verbose: bool) -> None:
    """Changes the root logger for everybody."""
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING, force=True)
