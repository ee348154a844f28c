"""Evidence for every parameter of a module: what is stated, what is done, and what callees do."""

import ast
from collections.abc import Mapping

from qeforge.analysis.evidence import dispatch
from qeforge.analysis.evidence.annotations import Annotations, type_of_value
from qeforge.analysis.evidence.choices import Choices
from qeforge.analysis.evidence.docstrings import documented_types
from qeforge.analysis.evidence.knowledge import DICT, STR
from qeforge.analysis.evidence.model import DEEPEST, Evidence, Strength, Trace
from qeforge.analysis.evidence.reader import Reader, arguments_of, bind_defaults
from qeforge.analysis.evidence.refs import Ref, Refs
from qeforge.analysis.evidence.surroundings import Surroundings
from qeforge.analysis.static import MISSING, StaticValues
from qeforge.analysis.symbols import FunctionNode, symbols_of
from qeforge.domain.facts import ANY, TypeRef
from qeforge.domain.target import Kind, SourceModule, Target

_CONSTRUCTORS = ("__init__", "__new__", "__post_init__")


def parameter_evidence(module: SourceModule) -> Mapping[str, Mapping[str, Evidence]]:
    """What the code says about each parameter: target id → parameter name → evidence.

    Follows values through aliases, attributes and items, one level into functions and methods of the same module, and
    from constructor parameters to the attributes that they are stored in. Never raises on valid Python; time is linear
    in the size of the module.
    """
    symbols = symbols_of(module)
    around = Surroundings(
        symbols=symbols,
        static=StaticValues.of(module),
        annotations=Annotations(symbols),
        parameters={},
        instances={qualname: Trace() for qualname in symbols.classes},
        links=[],
        stored=[],
    )
    for qualname, nodes in symbols.functions.items():
        for node in nodes:
            around.parameters[node] = _stated(around, qualname, node)
    for qualname in symbols.functions:
        parent = qualname.rpartition(".")[0]
        if parent not in symbols.functions:
            _read(around, qualname, parent if parent in symbols.classes else None)
    fields = {qualname: _fields(around, qualname) for qualname in symbols.classes}
    _follow_instances(around)
    registered = dispatch.implementations(symbols)
    dispatch.note_types(around, registered)
    _follow_links(around, fields)
    if registered:
        dispatch.note_contents(around, registered)
        _follow_links(around, fields, only=frozenset(each.generic for each in registered))
    return {
        target.id: {
            name: _settled(trace).freeze()
            for name, trace in _of_target(around, target, fields).items()
            if any(parameter.name == name for parameter in target.parameters)
        }
        for target in module.targets
    }


def _read(around: Surroundings, qualname: str, owner: str | None) -> None:
    for node in around.symbols.functions[qualname]:
        names: dict[str, Refs] = {name: (Ref(trace),) for name, trace in around.parameters[node].items()}
        decorators = {around.symbols.dotted(each) for each in node.decorator_list}
        positional = [*node.args.posonlyargs, *node.args.args]
        if owner and positional and "staticmethod" not in decorators:
            names[positional[0].arg] = (Ref(around.instances[owner]),)
        choices = Choices(around.static, owner)
        bind_defaults(choices, node)
        try:
            Reader(around, qualname, owner, names, choices).read(node.body)
        except RecursionError:
            continue  # an expression nested hundreds deep: what was noted before it stays


# -- what is stated ---------------------------------------------------------------------------------------------


def _stated(around: Surroundings, qualname: str, node: FunctionNode) -> dict[str, Trace]:
    owner = qualname.rpartition(".")[0]
    inside = owner if owner in around.symbols.classes else ""
    documented = documented_types(ast.get_docstring(node) or "", around.annotations)
    if inside and node.name in _CONSTRUCTORS:
        text = ast.get_docstring(around.symbols.classes[inside]) or ""
        documented = {**documented_types(text, around.annotations), **documented}
    traces: dict[str, Trace] = {}
    for argument, default in arguments_of(node):
        trace = traces[argument.arg] = Trace()
        stated = trace
        if argument is node.args.vararg:
            stated = trace.each()
        elif argument is node.args.kwarg:
            stated = trace.each_value()
        state(around, stated, argument.annotation, default, inside)
        if argument.arg in documented:
            _vote(stated, Strength.DOCUMENTED, documented[argument.arg])
    return traces


def state(
    around: Surroundings, trace: Trace, annotation: ast.expr | None, default: ast.expr | None, inside: str
) -> None:
    """Notes an annotation and a default."""
    if annotation is not None:
        _vote(trace, Strength.ANNOTATED, around.annotations.resolve(annotation, inside))
    if default is None:
        return
    value = around.static.value(default, owner=inside or None)
    if value is None:
        trace.flag("optional")
    elif value is not MISSING and "." not in (kind := type_of_value(value)).name and kind.name != "RegexText":
        trace.vote(Strength.DEFAULT, kind)
    elif isinstance(default, ast.Attribute | ast.Name | ast.Lambda):
        path = around.symbols.dotted(default)
        if isinstance(default, ast.Lambda) or path in around.symbols.functions:
            trace.vote(Strength.DEFAULT, TypeRef("callable"))
        elif path and path.rpartition(".")[0] in around.symbols.classes:
            trace.vote(Strength.DEFAULT, TypeRef(f"{around.symbols.module}.{path.rpartition('.')[0]}"))


def _vote(trace: Trace, strength: Strength, kind: TypeRef) -> None:
    if kind == ANY:
        return
    if kind.name == "union":
        members = [each for each in kind.args if each.name != "None"]
        if len(members) < len(kind.args):
            trace.flag("optional")
        trace.vote(strength, *members)
    else:
        trace.vote(strength, kind)


def _fields(around: Surroundings, qualname: str) -> dict[str, Trace]:
    """Notebooks of a class's fields, as a generated constructor takes them; those of its bases come first."""
    node = around.symbols.classes[qualname]
    traces: dict[str, Trace] = {}
    for base in node.bases:
        path = around.symbols.dotted(base) or ""
        if path in around.symbols.classes and path != qualname and path.count(".") <= qualname.count("."):
            traces.update(_own_fields(around, path))
    traces.update(_own_fields(around, qualname))
    return traces


def _own_fields(around: Surroundings, qualname: str) -> dict[str, Trace]:
    node = around.symbols.classes[qualname]
    documented = documented_types(ast.get_docstring(node) or "", around.annotations)
    traces: dict[str, Trace] = {}
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name, annotation, default = statement.target.id, statement.annotation, statement.value
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name, annotation, default = statement.targets[0].id, None, statement.value
        else:
            continue
        trace = traces[name] = Trace()
        state(around, trace, annotation, default, qualname)
        if name in documented:
            _vote(trace, Strength.DOCUMENTED, documented[name])
        used = around.instances[qualname].attributes.get(name)
        if used:
            trace.absorb(used.copy())
    return traces


# -- what flows --------------------------------------------------------------------------------------------------


def _follow_instances(around: Surroundings) -> None:
    """Carries what methods do with an attribute to the parameter that is stored in it."""
    parents = {
        qualname: [
            path for base in node.bases if (path := around.symbols.dotted(base)) in around.symbols.classes and path
        ]
        for qualname, node in around.symbols.classes.items()
    }
    copies = {qualname: trace.copy() for qualname, trace in around.instances.items()}
    children: dict[str, list[str]] = {}
    for qualname, bases in parents.items():
        for base in bases:
            children.setdefault(base, []).append(qualname)
    for owner, attribute, trace in around.stored:
        for qualname in (owner, *children.get(owner, ()), *parents.get(owner, ())):
            used = copies[qualname].attributes.get(attribute)
            if used is not None:
                trace.absorb(used)


def _follow_links(
    around: Surroundings, fields: Mapping[str, dict[str, Trace]], only: frozenset[str] = frozenset()
) -> None:
    """Carries what callees do with their parameters to what is passed to them; with `only` to those callees."""
    copies: dict[int, Trace] = {}
    links = [link for link in around.links if not only or link.callee in only]
    for link in links:
        source = _parameter(around, link.callee, link.slot, link.bound, fields)
        if source is not None:
            copies.setdefault(id(source), source.copy())
    for link in links:
        source = _parameter(around, link.callee, link.slot, link.bound, fields)
        if source is not None and source is not link.trace:
            link.trace.absorb(copies[id(source)])


def _parameter(
    around: Surroundings, callee: str, slot: int | str, bound: bool, fields: Mapping[str, dict[str, Trace]]
) -> Trace | None:
    nodes = around.symbols.functions.get(callee)
    if not nodes:
        owner, _, name = callee.rpartition(".")
        own = fields.get(owner, {}) if name == "__init__" else {}
        if isinstance(slot, str):
            return own.get(slot)
        return list(own.values())[slot] if slot < len(own) else None
    node = nodes[-1]
    traces = around.parameters[node]
    if isinstance(slot, str):
        return traces.get(slot)
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    position = slot + bound
    if position < len(names):
        return traces[names[position]]
    return traces[node.args.vararg.arg].element if node.args.vararg else None


def _of_target(around: Surroundings, target: Target, fields: Mapping[str, dict[str, Trace]]) -> dict[str, Trace]:
    node = around.symbols.function(target)
    if node is not None:
        return around.parameters[node]
    if target.kind is not Kind.CONSTRUCTOR:
        return {}
    owner = target.owner or target.qualname
    owner = owner if owner in around.symbols.classes else target.qualname.removesuffix(".__init__")
    inherited = _inherited_constructor(around, owner)
    return inherited if inherited is not None else fields.get(owner, {})


def _inherited_constructor(around: Surroundings, owner: str) -> dict[str, Trace] | None:
    seen: set[str] = set()
    while owner in around.symbols.classes and owner not in seen:
        seen.add(owner)
        for name in _CONSTRUCTORS[:2]:
            nodes = around.symbols.functions.get(f"{owner}.{name}")
            if nodes:
                return around.parameters[nodes[-1]]
        bases = [around.symbols.dotted(base) or "" for base in around.symbols.classes[owner].bases]
        owner = next((base for base in bases if base in around.symbols.classes), "")
    return None


def _settled(trace: Trace, depth: int = DEEPEST) -> Trace:
    """Draws the conclusions that need all notes: text asked for in a mapping is a key; items that are strings make
    a string or a list of them."""
    if trace.keys or trace.votes.get(DICT, Strength.HINTED) < Strength.HINTED:
        for source in list(trace.texts.get("contains", ())):
            value = ast.literal_eval(source)
            if isinstance(value, str) and trace.votes.get(STR, Strength.HINTED) >= Strength.HINTED:
                trace.key(value)
    element = trace.element
    if element and not trace.votes and STR in element.votes:
        trace.vote(Strength.HINTED, STR, TypeRef("list", (STR,)))
    for _, inner in list(trace.children()) if depth else ():
        _settled(inner, depth - 1)
    return trace
