"""Trap: one predicate on text in each function; chance does not find what turns it."""

import fnmatch
import re
import string

KINDS = {"csv": 1, "tsv": 2, "parquet": 3}
VOWELS = frozenset("aeiou")
TICKET = re.compile(r"(?P<project>[A-Z]{2,4})-(?P<number>\d+)(?:/(?P<state>draft|final))?")
HEADER = re.compile(r"^x-[a-z]+: (.+)$", re.IGNORECASE | re.MULTILINE)
VERBOSE = re.compile(
    r"""
    (?P<sign>[-+])?      # which way
    (?P<whole>\d{2,})    # before the point
    (?:\.(?P<part>\d+))? # after it
    """,
    re.VERBOSE,
)
MONTHS = ("january", "february", "march", "april")


def exactly_two(text):
    parts = text.split(":")
    if len(parts) == 2:
        return "pair"
    if len(parts) != 3:
        return "other"
    return "triple"


def parted(line):
    key, sep, value = line.partition("=")
    if not sep:
        return None
    if not key:
        return "keyless"
    if not value:
        return "empty"
    return key.strip(), value.strip()


def parted_right(name):
    stem, dot, suffix = name.rpartition(".")
    if dot and stem and suffix == "gz":
        return stem
    return name


def first_character(text):
    if text[0] == "#":
        return "comment"
    if text[-1] in "+-":
        return "signed"
    if text[:2] == "//":
        return "also comment"
    return "code"


def character_classes(text):
    if text.isdigit():
        return "digits"
    if text.isupper():
        return "upper"
    if text.istitle():
        return "title"
    if text.isspace():
        return "space"
    if text.isidentifier():
        return "identifier"
    if text.isalnum():
        return "alnum"
    if not text.isprintable():
        return "control"
    if not text.isascii():
        return "foreign"
    return "other"


def ordinal(c):
    if 0x4E00 <= ord(c) <= 0x9FFF:
        return "han"
    if ord(c) < 32:
        return "control"
    return "other"


def looked_up(text):
    if text.lower() in KINDS:
        return KINDS[text.lower()]
    return 0


def looked_up_key(kind):
    try:
        return KINDS[kind]
    except KeyError:
        return -1


def cleaned(text):
    word = text.strip().lower()
    if word in ("yes", "y", "on"):
        return True
    if word in ("no", "n", "off"):
        return False
    raise ValueError(f"not a switch: {text!r}")


def replaced(text):
    if text.replace("-", "").replace(" ", "") == "hello":
        return "greeting"
    return "other"


def reversed_text(text):
    if len(text) > 3 and text == text[::-1]:
        return True
    return False


def named_groups(text):
    match = TICKET.fullmatch(text)
    if match is None:
        return None
    if match.group("state") == "draft":
        return "draft"
    if match["project"] == "TEST":
        return "test"
    if int(match["number"]) > 500:
        return "large"
    return match["number"]


def with_flags(text):
    found = HEADER.search(text)
    if found:
        if found.group(1) == "none":
            return "nothing"
        return found.group(1)
    return None


def verbose(text):
    found = VERBOSE.match(text)
    if not found:
        return None
    if found["sign"] == "-":
        return "negative"
    if found["part"]:
        return "fraction"
    return "whole"


def lookaround(text):
    if re.search(r"(?<=\$)\d+(?!\d|\.)", text):
        return "price"
    if re.search(r"(?<!un)known(?= fact)", text):
        return "known"
    if re.fullmatch(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z]).{8,12}", text):
        return "strong"
    return "other"


def back_reference(text):
    if re.match(r"(['\"])(\w+)\1$", text):
        return "quoted"
    if re.fullmatch(r"<(\w+)>.*</\1>", text):
        return "tag"
    return "plain"


def globbed(name):
    if fnmatch.fnmatch(name, "data_*.[ct]sv"):
        return "table"
    if fnmatch.fnmatchcase(name, "*.py?"):
        return "compiled"
    return "other"


def counted(text):
    if text.count("(") != text.count(")"):
        return "unbalanced"
    if text.count(",") >= 3:
        return "many"
    if text.find("::") > 2:
        return "late"
    return "other"


def long_enough(text):
    if len(text) > 63:
        return "too long"
    if len(text) < 3:
        return "too short"
    if len(text) == 40:
        return "digest"
    return "fine"


def multiple_of_four(text):
    if len(text) % 4:
        return "odd"
    if all(c in string.hexdigits for c in text) and len(text) == 32:
        return "hash"
    return "even"


def any_character(text):
    if any(c in string.punctuation for c in text) and any(c.isdigit() for c in text):
        return "both"
    if not set(text) & VOWELS:
        return "consonants"
    return "other"


def starts(text):
    if text.startswith(("http://", "https://")) and text.endswith(".json"):
        return "document"
    if text.removeprefix("v") != text:
        return "version"
    return "other"


def month(text):
    for index, name in enumerate(MONTHS, 1):
        if name.startswith(text.lower()) and len(text) >= 3:
            return index
    return 0


def case_changes(text):
    if text != text.lower() and text != text.upper() and "_" not in text and " " not in text:
        return "camel"
    if text.isupper() and "_" in text:
        return "constant"
    return "other"


def lines_of(text):
    lines = text.splitlines()
    if len(lines) > 2 and lines[0].startswith("---"):
        return "front matter"
    if lines and not lines[-1].strip():
        return "blank end"
    return len(lines)


def quoted(text):
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def bracketed(text):
    if text.startswith("[") and text.endswith("]"):
        inner = text[1:-1].strip()
        if not inner:
            return []
        if inner.startswith("!"):
            return "negated"
        return inner
    return None


def matched_case(word):
    match word:
        case "start" | "begin":
            return 1
        case "stop":
            return 2
        case str() if word.startswith("--"):
            return 3
    return 0


def translated(text):
    digits = text.translate(str.maketrans("", "", " -()"))
    if digits.isdecimal() and len(digits) == 7:
        return "local"
    return "other"


def padded(text):
    if text.zfill(5) == "00042":
        return "answer"
    if text.center(5, "*") == "*abc*":
        return "middle"
    return "other"


def encoded(text):
    try:
        data = text.encode("ascii")
    except UnicodeEncodeError:
        return "foreign"
    if data.startswith(b"GIF8"):
        return "image"
    return "other"


def bytes_head(data: bytes):
    if data[:4] == b"\x89PNG":
        return "png"
    if data.startswith(b"\xff\xd8"):
        return "jpeg"
    if b"\0" in data:
        return "binary"
    return "text"
