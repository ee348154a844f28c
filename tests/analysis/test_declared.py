from qeforge.analysis.declared import declared
from qeforge.analysis.symbols import read_symbols

SOURCE = """
from fields import Field
import columns

class Meta(type):
    def __new__(cls, name, bases, attrs):
        for key, value in attrs.items():
            if isinstance(value, (Field, Local)):
                attrs[key] = value
        return super().__new__(cls, name, bases, attrs)

class Local: ...

class Form(metaclass=Meta): ...

class Model:
    def __init_subclass__(cls):
        cls.found = [each for each in vars(cls).values() if isinstance(each, columns.Column)]

class Plain(type):
    def __init__(cls, name, bases, attrs):
        if isinstance(name, str):
            cls.label = name

class Labelled(metaclass=Plain): ...

class Ordinary:
    def __new__(cls, values):
        return [each for each in values if isinstance(each, Field)]
"""


def test_a_metaclass_and_init_subclass_say_what_they_collect() -> None:
    assert declared(read_symbols(SOURCE, "m")) == {"Form": ("fields.Field", "m.Local"), "Model": ("columns.Column",)}
