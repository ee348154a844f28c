"""Files that are no text: archives and databases, written by the library that the code reads them with."""

from collections.abc import Iterable

from qeforge.engine.value import Value

_WRITTEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "zipfile": (
        "zip",
        (
            'with zipfile.ZipFile({place}, "w") as archive:\n    archive.writestr("folder/", "")\n'
            '    archive.writestr("folder/a.txt", "abc")',
            'with zipfile.ZipFile({place}, "w") as archive:\n    archive.writestr("a.txt", "abc")',
            'with zipfile.ZipFile({place}, "w"):\n    pass',
        ),
    ),
    "tarfile": (
        "tar",
        (
            'with tarfile.open({place}, "w") as archive:\n    archive.addfile(tarfile.TarInfo("a.txt"))',
            'with tarfile.open({place}, "w"):\n    pass',
        ),
    ),
    "gzip": ("gz", ('with gzip.open({place}, "wb") as file:\n    file.write(b"one\\ntwo\\n")',)),
    "bz2": ("bz2", ('with bz2.open({place}, "wb") as file:\n    file.write(b"one\\ntwo\\n")',)),
    "lzma": ("xz", ('with lzma.open({place}, "wb") as file:\n    file.write(b"one\\ntwo\\n")',)),
    "pickle": ("pkl", ('with open({place}, "wb") as file:\n    pickle.dump([1, "abc"], file)',)),
    "sqlite3": (
        "db",
        (
            'connection = sqlite3.connect({place})\nconnection.execute("CREATE TABLE items (id INTEGER, name TEXT)")\n'
            "connection.close()",
        ),
    ),
}
"""Module that reads such files → suffix, and the ways to make one; an archive with a folder comes first."""


def archives(imported: Iterable[str], root: str) -> list[Value]:
    """Files in the formats of the modules that the code imports, as paths and then as texts.

    Args:
        imported: dotted names.
        root: what the files are called.
    """
    found = []
    for module in dict.fromkeys(imported):
        suffix, ways = _WRITTEN.get(module, ("", ()))
        for text in (False, True):
            for way in ways:
                place = f'tmp_path / "{root}.{suffix}"'
                found.append(
                    Value(
                        source=f"str({place})" if text else place,
                        type_name="str" if text else "PosixPath",
                        imports=(f"import {module}",),
                        fixtures=("tmp_path",),
                        setup=(way.replace("{place}", "{name}"),),
                        shared=True,
                    )
                )
    return found
