"""Real GRIB files: longitudes that cross zero, two grids in one file, a sum labelled instant, running means."""

from pathlib import Path

import eccodes
import numpy as np
import pytest

from ldas.errors import InputError
from ldas.forcing.grib import MessageKey, count_messages, read_messages
from ldas.forcing.timeline import undo_running_mean
from ldas.grid import Grid


def everything(key: MessageKey) -> bool:
    return True


def raw_value(path: Path, lat: float, lon: float, message: int = 0) -> float:
    """The value of the node nearest to a point, by eccodes' own search."""
    with path.open("rb") as file:
        for _ in range(message):
            eccodes.codes_release(eccodes.codes_grib_new_from_file(file))
        handle = eccodes.codes_grib_new_from_file(file)
        value = float(eccodes.codes_grib_find_nearest(handle, lat, lon)[0].value)
        eccodes.codes_release(handle)
    return value


@pytest.mark.parametrize(("lat", "lon"), [(43.6, 1.4), (41.0, -5.4)], ids=["Toulouse", "Salamanca"])
def test_longitudes_352_to_12_become_minus_8_to_12(shared_data: Path, lat: float, lon: float) -> None:
    path = shared_data / "grib" / "regLL_small.grb2"
    grid = Grid(lon - 0.05, lat - 0.05, lon + 0.05, lat + 0.05)
    ((key, field),) = read_messages(path, everything, grid)
    assert key.parameter == (0, 3, 5) and key.step_type == "instant"
    assert abs(float(field.sel(lat=lat, lon=lon, method="nearest")) - raw_value(path, lat, lon % 360.0)) < 1e-9
    assert float(field["lon"].min()) < lon < float(field["lon"].max())
    assert np.all(np.diff(field["lon"]) > 0) and np.all(np.diff(field["lat"]) < 0)


@pytest.mark.parametrize(("lat", "lon", "message"), [(51.0, 1.0, 0), (20.0, 77.0, 1)], ids=["Channel", "India"])
def test_of_two_grids_in_one_file_the_domains_is_taken(shared_data: Path, lat: float, lon: float, message: int) -> None:
    path = shared_data / "grib" / "test_ECMWFRealtime_HRES-IFS_10u_20241104T00_S60.grib"
    assert count_messages(path) == 2
    ((key, field),) = read_messages(path, everything, Grid(lon - 0.03, lat - 0.03, lon + 0.03, lat + 0.03))
    assert key.short_name == "10u" and key.end_step == 60
    value = float(field.sel(lat=lat, lon=lon, method="nearest"))
    assert value == pytest.approx(raw_value(path, lat, lon, message), abs=1e-6)


def test_a_domain_on_neither_grid_gets_nothing(shared_data: Path) -> None:
    path = shared_data / "grib" / "test_ECMWFRealtime_HRES-IFS_10u_20241104T00_S60.grib"
    assert list(read_messages(path, everything, Grid(4.0, 43.9, 4.3, 44.2))) == []


def test_the_unit_shows_a_sum_that_is_labelled_instant(shared_data: Path) -> None:
    path = shared_data / "grib" / "test_ECMWFRealtime_HRES-IFS_ssrd_20241104T00_S60.grib"
    ((key, field),) = read_messages(path, everything, Grid(-3.05, 51.0, -3.0, 51.05))
    assert key.step_type == "instant" and key.units == "J m**-2"
    mean = float(field.mean()) / (key.end_step * 3600.0)
    # 60 hours of November sun over Wales: a plausible mean as a sum, nonsense as a flux
    assert 15.0 < mean < 80.0


def test_gfs_radiation_is_a_mean_since_a_multiple_of_six_hours(shared_data: Path) -> None:
    path = shared_data / "grib" / "test_NOAAS3_HRES-GFS_dswrf-dlwrf_20250129T06_S27.grib"
    found = dict(read_messages(path, everything, Grid(1.0, 43.0, 2.0, 44.0)))
    for key in found:
        assert key.step_type == "avg" and (key.start_step, key.end_step) == (24, 27)
    # 06 UTC + 24 h is a multiple of six: with a mean of 24-25, 24-26, 24-27 the hours come back
    hours = np.array([30.0, 31.0, 32.0, 33.0]) * 3600.0
    true = np.array([[1.0], [100.0], [250.0], [400.0]])
    means = np.array([[1.0], [100.0], [175.0], [250.0]])
    np.testing.assert_allclose(undo_running_mean(hours, means, 6 * 3600.0)[1:], true[1:])


def test_a_file_that_is_not_grib_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "SP1.grib2"
    path.write_text("<html>not found</html>")
    with pytest.raises(InputError, match=r"SP1\.grib2: expected GRIB messages, found none"):
        count_messages(path)
