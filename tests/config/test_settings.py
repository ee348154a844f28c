from hypothesis import given
from hypothesis import strategies as st

from qeforge.config import SETTINGS
from qeforge.errors import ConfigError


@given(st.text(max_size=12))
def test_text_either_becomes_what_the_setting_accepts_or_is_refused(text: str) -> None:
    for setting in SETTINGS.values():
        try:
            value = setting.parse(text, where="here")
        except ConfigError:
            continue
        assert setting.accept(value) == value
