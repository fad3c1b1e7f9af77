"""`ldas evaluate` on a real record and a station archive."""

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from ldas.cli import app
from ldas.config import RecordSettings
from ldas.record import Record
from tests.evaluation.test_ismn_reader import header_file, make_archive
from tests.record.small import GRID, START, advance, new_record

CYCLES = 12


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("domain")
    settings = RecordSettings(uri=f"file://{folder}/record")
    advance(new_record(settings), CYCLES)
    path = folder / "small.yaml"
    path.write_text(
        f"domain: {{name: small, west: {GRID.west}, south: {GRID.south}, east: {GRID.east}, north: {GRID.north}}}\n"
        f"window: {{start: {START:%Y-%m-%dT%H:%M:%S}}}\n"
        f"record: {{uri: '{settings.uri}'}}\n"
        f"publication: {{uri: 'file://{folder}/public'}}\n"
    )
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A station in a cell with land that measured at every window end."""
    times = pd.date_range(START.replace(tzinfo=None), periods=CYCLES + 1, freq="D")
    rows = [(f"{time:%Y/%m/%d %H:%M}", 0.2 + 0.001 * number, "G") for number, time in enumerate(times)]
    text = header_file(rows).replace(b"43.15000", b"44.01500").replace(b"2.95670", b"4.02500")
    return make_archive(tmp_path / "ismn", {"0.050000": text})


def test_the_command_writes_scores_and_a_report(profile: Path, archive: Path, tmp_path: Path) -> None:
    found = CliRunner().invoke(
        app,
        [
            "evaluate",
            str(profile),
            "--ismn",
            str(archive),
            "--output",
            str(tmp_path / "out"),
            "--input",
            "made-up maps",
        ],
        catch_exceptions=False,
    )
    assert found.exit_code == 0, found.output
    table = pd.read_csv(tmp_path / "out" / "station_scores.csv")
    overall = table[(table["season"] == "all") & (table["reference"] == "in situ")]
    assert set(overall["evaluated"]) == {"OL", "SSM_LAI", "S1", "S1 raw"} and set(overall["n"]) == {CYCLES}
    record = Record.open(RecordSettings(uri=f"file://{profile.parent}/record")).open_analysis()
    modelled = record["wg"].sel(depth=0.025, method="nearest").sel(lat=44.015, lon=4.025, method="nearest")
    station = 0.2 + 0.001 * pd.RangeIndex(1, CYCLES + 1).to_numpy()
    bias = float(overall.set_index("evaluated").loc["SSM_LAI", "bias"])
    assert bias == pytest.approx(float((modelled.values - station).mean()), rel=1e-5)
    assert "made-up maps" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_an_experiment_needs_a_new_name(profile: Path, archive: Path) -> None:
    from ldas.errors import ConfigurationError

    with pytest.raises(ConfigurationError, match="NAME=ADDRESS"):
        CliRunner().invoke(
            app,
            ["evaluate", str(profile), "--ismn", str(archive), "--experiment", "SSM_LAI=here.zarr"],
            catch_exceptions=False,
        )
