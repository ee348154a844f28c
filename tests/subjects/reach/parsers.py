"""Trap: what the standard library parses out of a text decides."""

import ast
import base64
import binascii
import configparser
import csv
import io
import ipaddress
import json
import struct
import uuid
import xml.etree.ElementTree as ET
import zlib
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import PurePosixPath
from urllib.parse import parse_qs, urlparse, urlsplit


def decimal_integer(text):
    number = int(text)
    if number > 4000:
        return "large"
    if number < -5:
        return "negative"
    return "small"


def hexadecimal(text):
    number = int(text, 16)
    if number == 0xBEEF:
        return "beef"
    return number


def floating(text):
    try:
        number = float(text)
    except ValueError:
        return None
    if number != number:
        return "nan"
    if number > 1e6:
        return "large"
    return number


def formatted_date(text):
    moment = datetime.strptime(text, "%d/%b/%Y:%H:%M:%S")
    if moment.year < 1999:
        return "old"
    if moment.month == 2 and moment.day == 29:
        return "leap day"
    return "date"


def several_formats(text):
    for layout in ("%Y-%m-%d", "%d.%m.%Y", "%b %d, %Y"):
        try:
            return datetime.strptime(text, layout)
        except ValueError:
            continue
    return None


def iso_date(text):
    day = date.fromisoformat(text)
    if day.weekday() >= 5:
        return "weekend"
    if date(2001, 3, 1) <= day < date(2001, 4, 1):
        return "march"
    return "day"


def iso_moment(text):
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return "naive"
    if moment.utcoffset() == timedelta(hours=5, minutes=30):
        return "india"
    return "aware"


def iso_time(text):
    hour = time.fromisoformat(text)
    if hour < time(6):
        return "night"
    if hour.second:
        return "exact"
    return "day"


def json_key(text):
    data = json.loads(text)
    if data["kind"] == "point":
        return data["x"], data["y"]
    return None


def json_kind(text):
    data = json.loads(text)
    if isinstance(data, list):
        if len(data) == 3:
            return "triple"
        return "list"
    if not isinstance(data, dict):
        return "scalar"
    if "error" in data:
        return "error"
    if data.get("items"):
        return "items"
    return "object"


def json_nested(text):
    data = json.loads(text)
    server = data["server"]
    if server["port"] > 1024 and server.get("tls"):
        return "safe"
    return "open"


def decimal_number(text):
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite():
        return "special"
    if number.as_tuple().exponent < -2:
        return "precise"
    return "plain"


def ratio(text):
    part = Fraction(text)
    if part.denominator == 7:
        return "sevenths"
    return "other"


def link(text):
    parts = urlparse(text)
    if parts.scheme == "ftps":
        return "secure"
    if parts.netloc.endswith(".onion"):
        return "hidden"
    if parts.fragment:
        return "part"
    return "other"


def link_port(text):
    parts = urlsplit(text)
    if parts.port == 8443:
        return "alternative"
    if parts.username and not parts.password:
        return "no password"
    if not parts.hostname:
        return "nowhere"
    return "other"


def query(text):
    values = parse_qs(text)
    if "page" in values:
        if values["page"] == ["9"]:
            return "nine"
        return "page"
    return "no page"


def address(text):
    ip = ipaddress.ip_address(text)
    if ip.version == 6:
        return "six"
    if ip.is_loopback:
        return "loop"
    if ip in ipaddress.ip_network("10.0.0.0/8"):
        return "ten"
    return "four"


def network(text):
    net = ipaddress.ip_network(text)
    if net.prefixlen == 24:
        return "c"
    return "other"


def identity(text):
    found = uuid.UUID(text)
    if found.version == 4:
        return "random"
    return "other"


def decoded(text):
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    if data.startswith(b"hi"):
        return "greeting"
    return "data"


def unhex(text):
    data = bytes.fromhex(text)
    if len(data) == 4:
        return "four"
    return "other"


def packed(data: bytes):
    if len(data) < struct.calcsize(">HI"):
        return "short"
    kind, size = struct.unpack(">HI", data[:6])
    if kind == 7:
        return "seven"
    return size


def unpacked(data: bytes):
    kind, size = struct.unpack("<BH", data)
    if size > 300:
        return "large"
    return kind


def inflated(data: bytes):
    try:
        text = zlib.decompress(data)
    except zlib.error:
        return None
    if not text:
        return "empty"
    return "text"


def table(text):
    rows = list(csv.reader(io.StringIO(text)))
    if not rows:
        return "empty"
    if rows[0] == ["id", "name"]:
        return "header"
    if any(len(row) != len(rows[0]) for row in rows):
        return "ragged"
    return "table"


def records(text):
    for row in csv.DictReader(io.StringIO(text)):
        if row["name"] == "total":
            return row["amount"]
    return None


def ini(text):
    parser = configparser.ConfigParser()
    parser.read_string(text)
    if not parser.has_section("server"):
        return None
    if parser.getint("server", "port") > 99:
        return "high"
    return "low"


def document(text):
    root = ET.fromstring(text)
    if root.tag == "feed":
        return "feed"
    if root.get("lang") == "fr":
        return "french"
    if root.find("item") is not None:
        return "item"
    return "other"


def python_source(text):
    tree = ast.parse(text)
    if not tree.body:
        return "empty"
    if isinstance(tree.body[0], ast.ClassDef):
        return "class"
    return "code"


def python_value(text):
    value = ast.literal_eval(text)
    if isinstance(value, tuple):
        return "tuple"
    return "other"


def path_parts(text):
    path = PurePosixPath(text)
    if path.suffix == ".toml":
        return "config"
    if path.name.startswith("."):
        return "hidden"
    if len(path.parts) == 4 and path.is_absolute():
        return "deep"
    return "other"
