from pathlib import Path

import pytest

from fetcher.settings import Settings, SettingsError


def test_defaults_hold_in_an_empty_environment():
    assert Settings.from_environment({}) == Settings()


def test_variables_override_defaults():
    settings = Settings.from_environment(
        {'FETCHER_TIMEOUT': '2.5', 'FETCHER_RETRIES': '0', 'FETCHER_CACHE_DIR': '/var/cache/f'}
    )

    assert settings == Settings(timeout=2.5, retries=0, cache_dir=Path('/var/cache/f'))


def test_the_process_environment_is_the_default(monkeypatch):
    monkeypatch.setenv('FETCHER_WORKERS', '9')

    assert Settings.from_environment().workers == 9


@pytest.mark.parametrize(
    ('variable', 'value', 'wanted'),
    [
        ('FETCHER_TIMEOUT', 'soon', 'a number'),
        ('FETCHER_TIMEOUT', '0', '0.1 or more'),
        ('FETCHER_RETRIES', '1.5', 'a whole number'),
        ('FETCHER_WORKERS', '0', '1 or more'),
    ],
)
def test_nonsense_is_named(variable, value, wanted):
    with pytest.raises(SettingsError, match=f'{variable} must be {wanted}') as caught:
        Settings.from_environment({variable: value})

    assert caught.value.variable == variable
