"""`fetcher URL…`: fetch, and say how it went."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from fetcher.client import Client, Response
from fetcher.pool import Outcome, run_all
from fetcher.revision import git_revision, user_agent
from fetcher.settings import Settings, SettingsError

VERSION = '2.1.0'


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog='fetcher', description='Fetch many URLs politely.')
    parser.add_argument('urls', nargs='*', metavar='URL', help='"-" reads URLs from stdin')
    parser.add_argument('--workers', type=int, help='requests at the same time')
    parser.add_argument('--json', action='store_true', help='print a JSON report')
    parser.add_argument('--version', action='version', version=VERSION)
    return parser


def read_urls(lines: Iterable[str]) -> list[str]:
    """URLs of a text, one a line; blank lines, `#` comments and repetitions are left out."""
    urls = []
    for line in lines:
        url = line.split('#', 1)[0].strip()
        if url and url not in urls:
            urls.append(url)
    return urls


def summarise(urls: Sequence[str], outcome: Outcome[str, Response]) -> list[str]:
    """One line per URL: its status and size, or what went wrong."""
    lines = []
    for position, url in enumerate(urls):
        if position in outcome.results:
            response = outcome.results[position]
            lines.append(f'{response.status}  {len(response.body):>8}  {url}')
        else:
            lines.append(f'---  {outcome.errors.get(position, "not tried")}')
    return lines


def report(urls: Sequence[str], outcome: Outcome[str, Response]) -> dict:
    """The same as data, with the time of the run in UTC."""
    return {
        'at': datetime.now(timezone.utc).isoformat(timespec='seconds'),
        'fetched': len(outcome.results),
        'failed': {urls[position]: str(error) for position, error in outcome.errors.items()},
    }


async def fetch_all(urls: Sequence[str], settings: Settings) -> Outcome[str, Response]:
    """Every URL once, with the settings' workers."""
    revision = git_revision(Path(__file__).parent)
    agent = user_agent(VERSION, revision, os.environ.get('FETCHER_CONTACT', ''))
    async with Client(settings, agent=agent) as client:
        return await run_all(urls, client.get, settings.workers)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 all fetched, 1 some failed, 2 wrong use."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    urls = [url for url in arguments.urls if url != '-']
    if '-' in arguments.urls:
        urls += [url for url in read_urls(sys.stdin) if url not in urls]
    if not urls:
        parser.error('no URL given')
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        print(f'fetcher: {error}', file=sys.stderr)
        return 2
    if arguments.workers is not None:
        settings = replace(settings, workers=max(1, arguments.workers))
    outcome = asyncio.run(fetch_all(urls, settings))
    if arguments.json:
        print(json.dumps(report(urls, outcome), indent=2))
    else:
        print('\n'.join(summarise(urls, outcome)))
    return 0 if outcome.ok else 1


if __name__ == '__main__':
    sys.exit(main())
