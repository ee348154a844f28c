from dataclasses import replace

from qeforge.engine.declaring import declaring
from qeforge.engine.shapes import stand_in
from qeforge.engine.value import Value

FIELD = Value(source="Field()", type_name="Field", imports=("from m import Field",), shared=True)
OTHER = replace(FIELD, source="Other()", type_name="Other", imports=("from m import Other",))


def test_subclasses_declare_one_object_of_each_type_and_then_two() -> None:
    found = declaring("m:Form", [[FIELD, replace(FIELD, source="Field(1)"), stand_in(), OTHER]])

    assert list(dict.fromkeys(value.before[-1] for value in found)) == [
        "class FieldForm(Form):\n    first = Field()",
        "class OtherForm(Form):\n    first = Other()",
        "class FieldOtherForm(Form):\n    first = Field()\n    second = Other()",
    ]


def test_instances_are_made_in_several_ways_and_import_what_they_need() -> None:
    found = declaring("m:Form", [[FIELD]])

    assert found[0].source == "FieldForm()"
    assert found[0].imports == ("from m import Form", "from m import Field")
    assert {"FieldForm(first=1)", 'FieldForm({"first": 1})'} <= {value.source for value in found}
    assert found[-1].imports[-1] == "from types import SimpleNamespace"


def test_nothing_is_declared_where_no_object_can_be_made() -> None:
    assert declaring("m:Form", [[], [stand_in()]]) == []
