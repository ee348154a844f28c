"""Subclasses that declare attributes, for classes that are nothing without: models, forms, schemas."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from qeforge.engine.shapes import reference
from qeforge.engine.value import Value, merged

_FIRST = "first"
_GIVEN = ("", f"{_FIRST}=1", f'{_FIRST}="abc"', f"{_FIRST}=[1]", f'{{"{_FIRST}": 1}}', f"SimpleNamespace({_FIRST}=1)")
_NAMESPACE = "from types import SimpleNamespace"
_MOST = 3


def declaring(path: str, attributes: Iterable[Sequence[Value]]) -> list[Value]:
    """Instances of subclasses, made with nothing, with a keyword, from a mapping and from an object.

    Args:
        path: of the class, `module:qualname`.
        attributes: for each type that the class looks for, objects of it.
    """
    source, imports = reference(path)
    name = source.rpartition(".")[2].lstrip("_")
    found = []
    for column in attributes:
        fit: dict[str, Value] = {}
        for value in column:
            if value.plain and not value.fixtures and value.type_name != "MagicMock":
                fit.setdefault(value.type_name, value)
        kinds = list(fit.values())
        for chosen in [[value] for value in kinds[:_MOST]] + ([kinds[:2]] if len(kinds) > 1 else []):
            names = (_FIRST, "second")
            lines = [f"    {each} = {value.source}" for each, value in zip(names, chosen, strict=False)]
            own = "".join(value.type_name for value in chosen) + name
            definition = f"class {own}({source}):\n" + "\n".join(lines)
            plain = Value(
                source="",
                type_name=name,
                imports=merged((imports, *(value.imports for value in chosen))),
                before=(*merged(value.before for value in chosen), definition),
                shared=True,
            )
            found += [
                replace(
                    plain,
                    source=f"{own}({given})",
                    imports=merged((plain.imports, (_NAMESPACE,) if "SimpleNamespace" in given else ())),
                )
                for given in _GIVEN
            ]
    return [value for row in range(len(_GIVEN)) for value in found[row :: len(_GIVEN)]]
