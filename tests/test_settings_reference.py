"""docs/configuration.md says what the settings models say."""

from pathlib import Path

from ldas.settings_reference import settings_reference

PAGE = Path(__file__).resolve().parents[1] / "docs" / "configuration.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == settings_reference(), "run: ldas settings > docs/configuration.md"


def test_keys_come_with_kind_bounds_default_and_meaning() -> None:
    rows = settings_reference().splitlines()
    assert "| `hour` | whole number ≥ 0, ≤ 23 | `18` |  |" in rows
    assert "| `errors.observation_lai` | number > 0 | `0.2` | Share of the observed LAI. |" in rows
    assert any(row.startswith("| `sand` | keys as `land_cover`, or nothing |") for row in rows)
    assert any(row.startswith("| `lai.reader` |") and "| `clms_lai` |" in row for row in rows)
