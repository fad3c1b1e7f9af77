"""ISMN archives: real files, both layouts, all line ends, flags and depths."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ldas.errors import InputError
from ldas.evaluation.ismn_reader import StationSeries, read_archive

SERIES = "SMOSMANIA_SMOSMANIA_Narbonne_sm_{depth}_{depth}_ThetaProbe-ML2X_20070101_20070131.stm"
STATIC = (
    "quantity_name;unit;depth_from[m];depth_to[m];value;description;quantity_source_name\n"
    "land cover classification;;;;10;;CCI_landcover_2010\n"
    "climate classification;;;;Csa;;koeppen_geiger_2007\n"
)


def make_archive(root: Path, files: dict[str, bytes]) -> Path:
    """An archive of one station with the given series by depth."""
    folder = root / "SMOSMANIA" / "Narbonne"
    folder.mkdir(parents=True)
    (folder / "SMOSMANIA_SMOSMANIA_Narbonne_static_variables.csv").write_text(STATIC)
    for depth, content in files.items():
        (folder / SERIES.format(depth=depth)).write_bytes(content)
    return root


def header_file(values: list[tuple[str, float, str]], depth: str = "0.05", end: str = "\n") -> bytes:
    lines = [f"SMOSMANIA  SMOSMANIA  Narbonne  43.15000  2.95670  -99.90  {depth}  {depth}  ThetaProbe-ML2X"]
    lines += [f"{time}  {value:.4f} {flag} M" for time, value, flag in values]
    return end.join([*lines, ""]).encode()


HOURS = [(f"2007/01/01 {hour:02d}:00", 0.20 + 0.001 * hour, "G") for hour in range(24)]


def test_the_real_aquitaine_series_has_the_stated_numbers(shared_data: Path) -> None:
    archive = read_archive(shared_data / "ismn" / "sep_ceop" / "Data_seperate_files_20170810_20180809")
    by_name = {series.name: series for series in archive.series}
    assert set(by_name) == {"FR_Aqui/fraye", "COSMOS/ARM-1", "COSMOS/Barrow-ARM"} and archive.skipped == ()
    fraye = by_name["FR_Aqui/fraye"]
    assert (fraye.latitude, fraye.longitude) == (44.467, -0.7269)
    assert sum(fraye.counts.values()) == 52_045
    assert {flag: fraye.counts[flag] for flag in ("G", "D10", "D05", "D03")} == {
        "G": 50_089,
        "D10": 881,
        "D05": 736,
        "D03": 304,
    }
    assert len(fraye.values) == 50_089
    everything = read_archive(
        shared_data / "ismn" / "sep_ceop" / "Data_seperate_files_20170810_20180809", flags=tuple(flags_of(fraye))
    )
    values = next(series for series in everything.series if series.station == "fraye").values
    assert len(values) == 52_045
    assert values.mean() == pytest.approx(0.1608, abs=5e-5)
    assert values.min() == pytest.approx(0.0345) and values.max() == pytest.approx(0.3891)
    assert values.index[0] == pd.Timestamp("2013-08-13 10:00") and values.index[-1].year == 2020


def flags_of(series: StationSeries) -> set[str]:
    return {flag for text in series.counts for flag in text.split(",")}


@pytest.mark.parametrize("end", [b"\r", b"\n\r", b"\r\n", b"\n"], ids=["CR", "LF CR", "CR LF", "LF"])
def test_both_layouts_of_narbonne_are_equal_with_any_line_end(shared_data: Path, tmp_path: Path, end: bytes) -> None:
    read = []
    for layout in ("ceop", "header"):
        content = (shared_data / "ismn" / f"{layout}_Narbonne_200701.stm").read_bytes().replace(b"\r", end)
        archive = make_archive(tmp_path / layout, {"0.050000": content})
        (series,) = read_archive(archive, flags=("U", "D05")).series
        read.append(series)
    assert len(read[0].values) == 741
    pd.testing.assert_series_equal(read[0].values, read[1].values)
    assert read[0].counts == read[1].counts and sum(read[0].counts.values()) == 741
    assert read[0].values.mean() == pytest.approx(0.173432, abs=1e-6)
    assert read[0].elevation == 112.0


def test_flags_that_are_not_asked_for_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [*HOURS[:3], ("2007/01/01 03:00", 0.7, "C02"), ("2007/01/01 04:00", 0.3, "D05,D10")]
    archive = make_archive(tmp_path / "a", {"0.050000": header_file(rows)})
    (series,) = read_archive(archive).series
    assert len(series.values) == 3 and series.counts == {"G": 3, "C02": 1, "D05,D10": 1}
    (series,) = read_archive(archive, flags=("G", "D05")).series
    assert len(series.values) == 3
    (series,) = read_archive(archive, flags=("G", "D05", "D10")).series
    assert len(series.values) == 4
    assert np.isnan(series.elevation)


def test_the_depth_that_was_asked_for_is_taken(tmp_path: Path) -> None:
    files = {
        "0.050000": header_file(HOURS, "0.05"),
        "0.300000": header_file([(time, value + 0.1, flag) for time, value, flag in HOURS], "0.30"),
    }
    archive = make_archive(tmp_path / "a", files)
    (surface,) = read_archive(archive, depth=0.05).series
    (root,) = read_archive(archive, depth=0.30).series
    assert (surface.depth_from, root.depth_from) == (0.05, 0.30)
    np.testing.assert_allclose(root.values - surface.values, 0.1)
    with pytest.raises(InputError, match=r"no soil_moisture within 0\.05 m of 1 m depth"):
        read_archive(archive, depth=1.0)


def test_a_malformed_file_is_named_not_lost(tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "a", {"0.050000": header_file(HOURS), "0.100000": b"<html>login</html>\n"})
    read = read_archive(archive)
    assert len(read.series) == 1
    assert read.skipped == (f"SMOSMANIA/Narbonne/{SERIES.format(depth='0.100000')}",)


def test_a_zip_archive_reads_like_its_folder(tmp_path: Path) -> None:
    folder = make_archive(tmp_path / "a", {"0.050000": header_file(HOURS)})
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", folder))
    pd.testing.assert_series_equal(read_archive(packed).series[0].values, read_archive(folder).series[0].values)


def test_a_folder_without_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected an ISMN archive"):
        read_archive(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"found no \.stm file"):
        read_archive(tmp_path / "empty")
