"""docs/tutorial.md runs as it stands and gives the numbers it states."""

import doctest
import re
import tempfile
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[1] / "docs" / "tutorial.md"


@pytest.mark.slow
def test_the_tutorial_gives_its_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("LDAS_CACHE", str(tmp_path / "cache"))
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    lesson = doctest.DocTestParser().get_doctest(code, {}, PAGE.name, str(PAGE), 0)
    told: list[str] = []
    found = doctest.DocTestRunner().run(lesson, out=told.append)
    assert found.attempted > 40
    assert not found.failed, "".join(told)
