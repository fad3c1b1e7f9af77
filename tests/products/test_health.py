"""`validate` finds what an operator must know, and never calls nothing healthy."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import zarr

from ldas.errors import ValidationError
from ldas.products.health import Finding, Report, validate
from ldas.products.publication import publish
from ldas.products.settings import PublicationSettings
from tests.products.builders import build_source, settings_for

SOURCE = build_source(21)
NOW = datetime(2026, 1, 22, 20, tzinfo=UTC)


@pytest.fixture
def published(tmp_path: Path) -> PublicationSettings:
    settings = settings_for(tmp_path)
    publish(SOURCE, settings, NOW)
    return settings


def _array(settings: PublicationSettings, path: str) -> zarr.Array:
    array = zarr.open_array(settings.uri.removeprefix("file://") + f"/{path}", mode="r+")
    assert isinstance(array, zarr.Array)
    return array


def test_a_fresh_publication_is_healthy(published: PublicationSettings) -> None:
    report = validate(published, NOW, 18).require()
    assert len(report.findings) > 50 and all(finding.measured for finding in report.findings)


def test_stale_data_fails(published: PublicationSettings) -> None:
    with pytest.raises(ValidationError, match="stale, 2026-01-22 18 UTC is 48 h behind 2026-01-24 18 UTC"):
        validate(published, NOW + timedelta(days=2), 18).require()


def test_an_empty_layer_fails(published: PublicationSettings) -> None:
    _array(published, "analysis.zarr/rzsm")[-1] = np.nan
    with pytest.raises(ValidationError, match="analysis: rzsm holds no value"):
        validate(published, NOW, 18).require()


def test_a_mostly_empty_layer_fails(published: PublicationSettings) -> None:
    _array(published, "analysis.zarr/wg")[-1, 3, 1:] = np.nan
    with pytest.raises(ValidationError, match="analysis: wg holds 5 values for 29 land cells"):
        validate(published, NOW, 18).require()


def test_a_value_out_of_range_fails(published: PublicationSettings) -> None:
    _array(published, "analysis.zarr/lai")[-1, 2, 2] = 55.0
    with pytest.raises(ValidationError, match="lai has 1 values outside 0 to 20, such as 55"):
        validate(published, NOW, 18).require()


def test_a_missing_layer_fails(published: PublicationSettings) -> None:
    root = Path(published.uri.removeprefix("file://")) / "drought.zarr" / "zarr.json"
    root.write_text(root.read_text().replace('"rzsm_zscore"', '"renamed"'))
    Path(root.parent / "rzsm_zscore").rename(root.parent / "renamed")
    with pytest.raises(ValidationError, match="drought: missing rzsm_zscore"):
        validate(published, NOW, 18).require()


def test_nothing_published_fails(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="nothing is published"):
        validate(settings_for(tmp_path / "empty"), NOW, 18).require()


def test_measuring_nothing_is_a_failure() -> None:
    assert Report(()).failures == ["no check was made"]
    assert Report((Finding("drought freshness", 0),)).failures == ["drought freshness: measured nothing"]
    assert Report((Finding("a", 3),)).failures == []
