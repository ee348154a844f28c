"""Trap: several tokens have to come together, in the right order."""

import re

SUFFIXES = {"k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
_DURATION = re.compile(r"(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+)s)?")
_FIELD = r"(\*|\d+)(?:/(\d+))?"


def duration(text):
    found = _DURATION.fullmatch(text)
    if not found or not text:
        return None
    seconds = 0
    if found["h"]:
        seconds += 3600 * int(found["h"])
    if found["m"]:
        seconds += 60 * int(found["m"])
    if found["s"]:
        seconds += int(found["s"])
    if found["h"] and found["m"] and not found["s"]:
        return -seconds
    return seconds


def duration_by_hand(text):
    total, number = 0, ""
    for char in text:
        if char.isdigit():
            number += char
        elif char == "h" and number:
            total += 3600 * int(number)
            number = ""
        elif char == "m" and number:
            total += 60 * int(number)
            number = ""
        else:
            raise ValueError(text)
    if number:
        raise ValueError("no unit")
    if total == 9120:
        return "two and a half"
    return total


def options(text):
    found = {}
    for part in text.split(";"):
        key, sep, value = part.partition("=")
        if not sep:
            found[key.strip()] = True
        else:
            found[key.strip()] = value.strip()
    if "charset" in found and len(found) == 2:
        return "two"
    return found


def ranges(text):
    pages = []
    for part in text.split(","):
        if "-" in part:
            low, high = part.split("-")
            if int(low) > int(high):
                raise ValueError(part)
            pages += range(int(low), int(high) + 1)
        elif part:
            pages.append(int(part))
    if len(pages) > 3:
        return "many"
    return pages


def dotted(text):
    parts = text.split(".")
    if len(parts) != 3:
        return None
    major, minor, patch = (int(part) for part in parts)
    if (major, minor) >= (2, 7):
        return "new"
    if patch == 0:
        return "release"
    return "old"


def amount(text):
    if text[-1].lower() in SUFFIXES:
        return int(text[:-1]) * SUFFIXES[text[-1].lower()]
    return int(text)


def command(line):
    words = line.split()
    match words:
        case []:
            return "empty"
        case ["quit"]:
            return "quit"
        case ["move", direction] if direction in ("north", "south"):
            return direction
        case ["take", *things]:
            return things
    return "unknown"


def protocol(line):
    words = line.strip().split()
    if not words:
        return None
    verb, arguments = words[0].upper(), words[1:]
    if verb == "SET" and len(arguments) == 2:
        return "set"
    if verb == "GET" and len(arguments) == 1:
        return "get"
    return "error"


def request_line(text):
    method, path, version = text.split(" ")
    if method not in ("GET", "POST", "PUT"):
        return 405
    if not path.startswith("/"):
        return 400
    if version != "HTTP/1.1":
        return 505
    return 200


def header(text):
    name, _, rest = text.partition(":")
    if name.lower() == "content-type":
        kind, *parameters = [part.strip() for part in rest.split(";")]
        if kind == "text/html" and parameters:
            return "page with charset"
        return kind
    return None


def clock(text):
    hours, minutes = map(int, text.split(":"))
    if not 0 <= hours < 24:
        raise ValueError("hours")
    if minutes >= 60:
        raise ValueError("minutes")
    if hours >= 12:
        return "pm"
    return "am"


def cron(text):
    fields = text.split()
    if len(fields) != 5:
        raise ValueError("five fields")
    for field in fields:
        match = re.fullmatch(_FIELD, field)
        if match is None:
            raise ValueError(field)
        if match[1] == "*" and match[2]:
            return "stepped"
    return "fixed"


def arithmetic(text):
    tokens = re.findall(r"\d+|[-+*/()]", text)
    if not tokens:
        return 0
    value = int(tokens[0])
    for sign, number in zip(tokens[1::2], tokens[2::2]):
        if sign == "+":
            value += int(number)
        elif sign == "*":
            value *= int(number)
        elif sign == "/":
            value //= int(number)
    return value


def template(text):
    depth = 0
    for char in text:
        if char == "{":
            depth += 1
            if depth > 2:
                raise ValueError("too deep")
        elif char == "}":
            depth -= 1
            if depth < 0:
                raise ValueError("closed too often")
    if depth:
        raise ValueError("never closed")
    return "{" in text


def escaped(text):
    out, i = [], 0
    while i < len(text):
        if text[i] == "\\" and i + 1 < len(text):
            following = text[i + 1]
            if following == "n":
                out.append("\n")
            elif following == "x" and i + 3 < len(text):
                out.append(chr(int(text[i + 2 : i + 4], 16)))
                i += 2
            i += 2
        else:
            out.append(text[i])
            i += 1
    return "".join(out)


def markdown(line):
    if line.startswith("#"):
        level = len(line) - len(line.lstrip("#"))
        if level > 6:
            return "text"
        if line[level : level + 1] == " ":
            return f"h{level}"
        return "text"
    if re.match(r"\d+\. ", line):
        return "ordered"
    if line[:2] in ("- ", "* "):
        return "item"
    return "paragraph"


def mod_ten(text):
    if not text.isdigit() or len(text) < 8:
        return False
    total = 0
    for index, char in enumerate(reversed(text)):
        digit = int(char)
        if index % 2:
            digit *= 2
            if digit > 9:
                digit -= 9
        total += digit
    if total % 10 == 0:
        return True
    return False


def mod_eleven(text):
    if len(text) != 10:
        return False
    total = sum((10 - i) * (10 if c == "X" else int(c)) for i, c in enumerate(text))
    if total % 11:
        return False
    return True


def mod_ninety_seven(text):
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", text):
        return False
    moved = text[4:] + text[:4]
    if int("".join(str(int(c, 36)) for c in moved)) % 97 == 1:
        return True
    return False


def arrow(text):
    left, arrow, right = text.partition("->")
    if arrow and left.strip() in ("int", "str") and right.strip() == "bool":
        return "predicate"
    return "other"


def colour(text):
    if text.startswith("#"):
        digits = text[1:]
        if len(digits) == 3:
            digits = "".join(c * 2 for c in digits)
        if len(digits) != 6:
            raise ValueError(text)
        return tuple(int(digits[i : i + 2], 16) for i in (0, 2, 4))
    if text.startswith("rgb(") and text.endswith(")"):
        numbers = [int(n) for n in text[4:-1].split(",")]
        if len(numbers) == 3 and all(0 <= n <= 255 for n in numbers):
            return tuple(numbers)
    return None
