"""What using a method, a function or an operator says about the value it is used on."""

import ast
from collections.abc import Mapping

from qeforge.domain.facts import TypeRef

STR, BYTES, INT, FLOAT = TypeRef("str"), TypeRef("bytes"), TypeRef("int"), TypeRef("float")
LIST, TUPLE, SET, DICT = TypeRef("list"), TypeRef("tuple"), TypeRef("set"), TypeRef("dict")
BOOL, CALLABLE, TYPE = TypeRef("bool"), TypeRef("callable"), TypeRef("type")
DATETIME, DATE, TIMEDELTA = TypeRef("datetime.datetime"), TypeRef("datetime.date"), TypeRef("datetime.timedelta")
PATH, DECIMAL, NAMED_TUPLE = TypeRef("pathlib.Path"), TypeRef("decimal.Decimal"), TypeRef("typing.NamedTuple")
ITERABLE, ITERATOR = TypeRef("collections.abc.Iterable"), TypeRef("collections.abc.Iterator")

_OWNERS: tuple[tuple[type, TypeRef], ...] = (
    (str, STR),
    (list, LIST),
    (dict, DICT),
    (set, SET),
    (bytes, BYTES),
    (tuple, TUPLE),
    (int, INT),
    (float, FLOAT),
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _builtin_methods() -> dict[str, tuple[TypeRef, ...]]:
    owners: dict[str, list[TypeRef]] = {}
    for owner, reference in _OWNERS:
        for name in dir(owner):
            if not name.startswith("_"):
                owners.setdefault(name, []).append(reference)
    return {name: tuple(references) for name, references in owners.items()}


def _named(reference: TypeRef, names: str) -> dict[str, tuple[TypeRef, ...]]:
    return dict.fromkeys(names.split(), (reference,))


METHODS: Mapping[str, tuple[TypeRef, ...]] = {
    **_named(DATETIME, "strftime isoformat timestamp utcoffset tzinfo astimezone utctimetuple hour minute second"),
    **_named(DATE, "year month day weekday isoweekday isocalendar timetuple toordinal"),
    **_named(TIMEDELTA, "total_seconds microseconds days"),
    **_named(
        PATH,
        "exists is_file is_dir is_symlink read_text read_bytes write_text write_bytes joinpath with_suffix with_name "
        "mkdir iterdir rglob glob relative_to as_posix is_absolute expanduser unlink rmdir touch resolve suffix stem "
        "parent parents samefile",
    ),
    **_named(DECIMAL, "quantize as_tuple is_finite is_signed normalize"),
    **_named(TypeRef("re.Match"), "group groups groupdict span lastgroup lastindex"),
    **_named(TypeRef("re.Pattern"), "fullmatch finditer findall"),
    **_named(TypeRef("collections.deque"), "appendleft popleft extendleft rotate"),
    **_named(TypeRef("fractions.Fraction"), "limit_denominator"),
    **_named(TypeRef("uuid.UUID"), "urn fields"),
    **_named(TypeRef("logging.Logger"), "debug warning exception critical setLevel addHandler"),
    **_named(TypeRef("concurrent.futures.Future"), "add_done_callback set_result set_exception"),
    **_named(TypeRef("argparse.Namespace"), "__dict__"),
    **_named(TYPE, "__mro__ __bases__ __subclasses__ mro"),
    **_named(NAMED_TUPLE, "_fields _asdict _replace _field_defaults"),
    **_named(TypeRef("xml.etree.ElementTree.Element"), "findtext iterfind tag"),
    **_builtin_methods(),
}
"""Types with a method or attribute of that name, likeliest first."""

AMBIGUOUS = _words(
    "parent parents resolve touch tag debug exception warning hour minute second fields days day month "
    "year normalize rotate glob stem suffix mkdir exists group fullmatch finditer findall is_dir is_file "
    "unlink"
)
"""Names in `METHODS` that many other classes have as well."""

FILE_METHODS = _words("read write readline readlines writelines seek tell flush fileno truncate close")

TEXT_METHODS = _words(
    "strip lstrip rstrip lower upper casefold title capitalize swapcase replace removeprefix removesuffix "
    "expandtabs zfill ljust rjust center translate"
)
"""Methods that give the text back, changed a little: what is asked of the result is asked of the text."""

SPLITS = _words("split rsplit partition rpartition splitlines")
TEXT_ARGUMENTS = _words("startswith endswith split rsplit partition rpartition replace find rfind strip lstrip rstrip")
SEARCHES = _words("find rfind index rindex count replace")

PATH_FUNCTIONS = frozenset(
    {
        f"os.path.{name}"
        for name in _words(
            "abspath basename commonpath dirname exists expanduser expandvars getmtime getsize isabs isdir isfile "
            "islink join normcase normpath realpath relpath split splitext splitdrive lexists ismount getatime "
            "getctime samefile"
        )
    }
    | {
        f"os.{name}"
        for name in _words(
            "listdir makedirs mkdir remove unlink rmdir rename replace scandir stat walk chdir open utime access "
            "readlink symlink removedirs chmod"
        )
    }
    | {
        f"shutil.{name}"
        for name in _words("copy copy2 copyfile copytree rmtree move which disk_usage make_archive unpack_archive")
    }
    | {
        "open",
        "io.open",
        "codecs.open",
        "gzip.open",
        "bz2.open",
        "pathlib.Path",
        "pathlib.PurePath",
        "pathlib.PosixPath",
        "zipfile.ZipFile",
        "tarfile.open",
        "glob.glob",
        "os.fspath",
        "sqlite3.connect",
        "importlib.util.spec_from_file_location",
        "linecache.getline",
    }
)
"""Callables whose first argument is a path."""

TEXT_PARSERS: Mapping[str, str] = {
    "json.loads": "json",
    "ast.literal_eval": "python",
    "ast.parse": "python",
    "eval": "python",
    "exec": "python",
    "compile": "python",
    "re.compile": "regex",
    "re.escape": "",
    "urllib.parse.urlparse": "url",
    "urllib.parse.urlsplit": "url",
    "urllib.parse.parse_qs": "query",
    "urllib.parse.parse_qsl": "query",
    "urllib.parse.quote": "",
    "urllib.parse.unquote": "",
    "urllib.request.urlopen": "url",
    "datetime.datetime.fromisoformat": "datetime",
    "datetime.date.fromisoformat": "date",
    "datetime.time.fromisoformat": "time",
    "datetime.datetime.strptime": "datetime",
    "time.strptime": "datetime",
    "decimal.Decimal": "decimal",
    "fractions.Fraction": "fraction",
    "uuid.UUID": "uuid",
    "ipaddress.ip_address": "ip",
    "ipaddress.ip_network": "ip-network",
    "ipaddress.IPv4Address": "ipv4",
    "ipaddress.IPv6Address": "ipv6",
    "base64.b64decode": "base64",
    "bytes.fromhex": "hex",
    "binascii.unhexlify": "hex",
    "html.escape": "html",
    "html.unescape": "html",
    "shlex.split": "shell",
    "tomllib.loads": "toml",
    "yaml.safe_load": "yaml",
    "yaml.load": "yaml",
    "xml.etree.ElementTree.fromstring": "xml",
    "textwrap.dedent": "",
    "textwrap.wrap": "",
    "textwrap.fill": "",
    "textwrap.indent": "",
    "importlib.import_module": "module",
    "string.Template": "template",
    "str.lower": "",
    "str.upper": "",
    "str.strip": "",
    "ord": "character",
    "len": "len",
}
"""Callables that take a text first, and what the text must be; empty for any."""

NUMBER_FUNCTIONS = frozenset(
    {f"math.{name}" for name in _words("ceil floor sqrt log log2 log10 exp sin cos tan fabs pow isnan isinf trunc")}
    | {"abs", "round", "divmod", "range", "chr", "bin", "hex", "oct", "pow", "time.sleep", "math.isclose"}
)
INTEGER_FUNCTIONS = frozenset({"range", "chr", "bin", "hex", "oct", "math.factorial", "math.gcd", "math.comb"})
"""Callables whose arguments are numbers."""

ITERATING = frozenset(
    _words("iter list tuple set frozenset sorted sum min max any all reversed")
    | {
        "collections.Counter",
        "collections.deque",
        "itertools.chain.from_iterable",
        "itertools.islice",
        "itertools.cycle",
        "itertools.groupby",
        "itertools.accumulate",
        "heapq.heapify",
        "next",
        "statistics.mean",
        "statistics.median",
        "random.choice",
        "random.shuffle",
    }
)
"""Callables whose first argument is iterated."""

ITERATING_ALL = frozenset({"zip", "itertools.chain", "itertools.product", "itertools.zip_longest"})
"""Callables all of whose arguments are iterated."""

REGEX_FUNCTIONS: Mapping[str, tuple[int, int]] = {
    "match": (1, 2),
    "fullmatch": (1, 2),
    "search": (1, 2),
    "findall": (1, 2),
    "finditer": (1, 2),
    "split": (1, 3),
    "sub": (2, 4),
    "subn": (2, 4),
}
"""Functions of `re`: positions of the text and of the flags. The methods of a pattern take the text one earlier."""

NUMERIC_OPERATORS = (ast.Sub, ast.Div, ast.FloorDiv, ast.Pow, ast.MatMult)
INTEGER_OPERATORS = (ast.LShift, ast.RShift, ast.BitAnd, ast.BitXor, ast.BitOr)
