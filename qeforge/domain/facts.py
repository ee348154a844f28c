"""What importing a module tells about it: real signatures, resolved types, classes, constants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qeforge.domain.target import Flavour, ParameterKind


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A type, resolved as far as the interpreter could.

    `name` is a builtin's bare name (`int`, `list`, `dict`, `tuple`, `type`), one of the special names `None`,
    `Any`, `union`, `literal`, `callable`, or the dotted import path of a class (`decimal.Decimal`,
    `pkg.mod.Outer.Inner`). `args` are its parameters; a variadic tuple is `tuple[T, ...]` with a last argument named
    `...`. `values` are the source texts of a `literal`.
    """

    name: str
    args: tuple["TypeRef", ...] = ()
    values: tuple[str, ...] = ()


ANY = TypeRef("Any")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterFact:
    """One parameter as `inspect.signature` gives it. `default` is source text when it renders back, else None."""

    name: str
    kind: ParameterKind
    type: TypeRef = ANY
    has_default: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallableFact:
    """A function or method; `parameters` leave out a bound `self` or `cls`."""

    qualname: str
    parameters: tuple[ParameterFact, ...]
    returns: TypeRef = ANY
    flavour: Flavour = Flavour.PLAIN


class ClassKind(StrEnum):
    """What sort of class, which decides how an instance is made."""

    PLAIN = "class"
    DATACLASS = "dataclass"
    ENUM = "enum"
    NAMED_TUPLE = "namedtuple"
    TYPED_DICT = "typeddict"
    ATTRS = "attrs"
    PYDANTIC = "pydantic"
    EXCEPTION = "exception"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFact:
    """A class that the module defines or that its signatures mention.

    `path` is `module:qualname`. `constructor` is what calling the class takes. `abstract` names unimplemented
    abstract methods. `members` are an enum's. `factories` are class methods that return an instance.
    `ancestors` are the dotted paths of its bases in resolution order, `object` left out.
    """

    path: str
    kind: ClassKind
    constructor: tuple[ParameterFact, ...]
    ancestors: tuple[str, ...] = ()
    abstract: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    factories: tuple[str, ...] = ()
    methods: tuple[CallableFact, ...] = ()
    properties: tuple[str, ...] = ()

    @property
    def dotted(self) -> str:
        """The name a `TypeRef` to it has."""
        return self.path.replace(":", ".")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleFacts:
    """One imported module.

    `callables` by qualname; `classes` by dotted path, those of other modules that signatures mention included;
    `constants` are module globals whose value renders as a literal; `subclasses` maps an abstract class or protocol to
    concrete ones that were loaded.
    """

    module: str
    callables: Mapping[str, CallableFact] = field(default_factory=dict)
    classes: Mapping[str, ClassFact] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    subclasses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    version: tuple[int, int] = (3, 11)
