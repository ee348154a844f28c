"""After a FileNotFoundError and its kin: a file, or a folder."""

from collections.abc import Iterator

from qeforge.engine.plan import Plan
from qeforge.engine.repairs.places import at
from qeforge.engine.value import Value


def file_error(plan: Plan, type_name: str) -> Iterator[Plan]:
    """A file or folder where one was missing."""
    for index, value in enumerate(plan.values()):
        if value.type_name not in ("str", "PosixPath"):
            continue
        folder = type_name == "NotADirectoryError"
        if folder:
            made = Value(source="tmp_path", type_name="PosixPath", fixtures=("tmp_path",))
        else:
            made = Value(
                source='tmp_path / "data.txt"',
                type_name="PosixPath",
                fixtures=("tmp_path",),
                setup=('{name}.write_text("one\\ntwo\\n")',),
                shared=True,
            )
        yield at(plan, index, made)
        if value.type_name == "str":
            as_text = Value(source="str(tmp_path)", type_name="str", fixtures=("tmp_path",))
            yield at(plan, index, as_text)
