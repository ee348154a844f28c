"""Parsing, validation and formatting of small texts."""

from textkit.formatting import human_size, render_table, slugify
from textkit.parsing import Version, parse_duration, parse_version
from textkit.validation import is_email, password_problems

__all__ = [
    "Version",
    "human_size",
    "is_email",
    "parse_duration",
    "parse_version",
    "password_problems",
    "render_table",
    "slugify",
]
