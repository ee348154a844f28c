import pytest

from qeforge.oracle.imports import import_for


@pytest.mark.parametrize(
    ("dotted", "found"),
    [
        ("ValueError", ("ValueError", ())),
        ("generator", None),
        ("shop.Account", ("Account", ("from shop import Account",))),
        ("shop.Outer.Inner", ("Outer.Inner", ("from shop import Outer",))),
        ("shop._private", ("_private", ("from shop import _private",))),
        ("shop.sub.Thing", ("Thing", ("from shop.sub import Thing",))),
        ("json.decoder.JSONDecodeError", ("JSONDecodeError", ("from json import JSONDecodeError",))),
        ("asyncio.exceptions.QueueEmpty", ("QueueEmpty", ("from asyncio import QueueEmpty",))),
        ("concurrent.futures._base.Future", ("Future", ("from concurrent.futures import Future",))),
        ("pathlib.PosixPath", ("Path", ("from pathlib import Path",))),
        ("pathlib._local.PosixPath", ("Path", ("from pathlib import Path",))),
        ("pathlib.PureWindowsPath", ("PurePath", ("from pathlib import PurePath",))),
        ("selectors.EpollSelector", ("BaseSelector", ("from selectors import BaseSelector",))),
        ("_frozen_importlib.ModuleSpec", ("ModuleSpec", ("from importlib.machinery import ModuleSpec",))),
        ("zlib.error", ("error", ("from zlib import error",))),
        ("_io.StringIO", ("StringIO", ("from io import StringIO",))),
        ("shop.make.<locals>.Thing", None),
        ("__main__.Thing", None),
    ],
)
def test_import_for(dotted: str, found: tuple[str, tuple[str, ...]] | None) -> None:
    assert import_for(dotted, "shop") == found
