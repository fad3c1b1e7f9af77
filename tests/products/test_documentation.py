"""The code in docs/products.md runs as it stands."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ldas.products.publication import publish
from tests.products.builders import build_source, settings_for

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "products.md"


def test_examples_open_a_publication(tmp_path: Path) -> None:
    publish(build_source(12), settings_for(tmp_path), datetime(2026, 1, 13, 20, tzinfo=UTC))
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"URL": str(tmp_path)}
    exec(compile(code, str(DOCUMENT), "exec"), names)
    assert names["newest"].shape == (5, 6) and names["pixel"].shape == (12,)
    assert names["classes"].values[2, 2] == 6
