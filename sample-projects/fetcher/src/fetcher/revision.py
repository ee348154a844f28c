"""Which revision of a checkout is running."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

_HASH = re.compile(r'[0-9a-f]{7,40}')


def git_revision(folder: Path, length: int = 10) -> str | None:
    """The short hash of the commit that is checked out, or None outside a repository.

    A `+` at its end says that there are uncommitted changes.
    """
    commit = _git(folder, 'rev-parse', 'HEAD')
    if commit is None or not _HASH.fullmatch(commit):
        return None
    changed = _git(folder, 'status', '--porcelain', '--untracked-files=no')
    return commit[:length] + ('+' if changed else '')


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ['git', '-C', str(folder), *arguments], capture_output=True, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def user_agent(version: str, revision: str | None = None, contact: str = '') -> str:
    """How the fetcher introduces itself: `fetcher/2.1.0 (git 1a2b3c4d5e; ops@example.org)`."""
    notes = [f'git {revision}'] if revision else []
    if contact:
        notes.append(contact)
    return f'fetcher/{version}' + (f' ({"; ".join(notes)})' if notes else '')
