"""The producers' own files (shared/data) are read with the values the data document states."""

import numpy as np
import pytest

from ldas.errors import InputError
from ldas.grid import Grid
from ldas.observations import clms_ssm, surface_state
from ldas.observations.download import AssetReader
from ldas.observations.granule import Asset, GranuleRef, parse_id
from ldas.observations.raster import read_netcdf
from ldas.observations.settings import ObservationSettings, ProductSettings

TOULOUSE = Grid(0.469, 43.245, 2.99, 44.99)
SETTINGS = ProductSettings(
    reader="clms_ssm", collection="ssm", variant="nc", assets={"file": "file"}, least_covered=0.2
)


def granule(path, version=(1, 1, 1)):
    day = parse_id(path.stem, "ssm").nominal
    return GranuleRef(path.stem, "ssm", day, version, 0, {"file": Asset(path.as_uri(), path.stat().st_size)})


@pytest.fixture
def files(shared_data):
    return sorted((shared_data / "clms_ssm").glob("c_gls_SSM1km_*.nc"))


@pytest.fixture
def reader(tmp_path):
    return AssetReader(ObservationSettings(), tmp_path / "cache")


def test_the_value_the_document_states(files):
    field = read_netcdf(files[2], "ssm", Grid(-1.0, 44.9, -0.9, 44.95))
    row, col = np.abs(field.lat - 44.91518).argmin(), np.abs(field.lon + 0.95982).argmin()
    assert field.number[row, col] * 0.5 == 57.5


def test_valid_shares_of_three_days(files, reader):
    whole = Grid(-0.99, 41.01, 2.99, 44.99)
    shares = [(read_netcdf(path, "ssm", whole).number <= 200).mean() for path in files]
    assert shares == pytest.approx([0.137, 0.0, 0.022], abs=0.002)


def test_the_empty_day_is_no_observation_and_no_error(files, reader):
    empty = clms_ssm.read(reader, granule(files[1]), SETTINGS, TOULOUSE)
    assert empty is not None
    assert np.isnan(empty.value).all()
    assert (empty["count"] == 0).all()


def test_flags_never_become_values(files, reader):
    full = clms_ssm.read(reader, granule(files[0]), SETTINGS, TOULOUSE)
    assert full.attrs["units"] == "%"
    assert float(full.value.min()) >= 0.0
    assert float(full.value.max()) <= 100.0
    assert np.isfinite(full.value).sum() > 1000
    assert (full.uncertainty.where(full.value.notnull()) > 5).sum() > 1000
    raw = read_netcdf(files[0], "ssm", TOULOUSE)
    codes = set(np.unique(raw.number[raw.number > 200]).tolist())
    assert {bit for bit in clms_ssm.FLAGS if (full.flags.values & bit).any()} <= {
        clms_ssm.CODES[code] for code in codes
    }
    assert (full.flags.values[np.isnan(full.value.values)] != 0).all()


def test_a_version_from_the_future_is_refused(files, reader):
    with pytest.raises(InputError, match=r"not 3\.0"):
        clms_ssm.read(reader, granule(files[0], (3, 0)), SETTINGS, TOULOUSE)


def test_nothing_is_frozen_on_the_first_of_june(shared_data, reader):
    path = next((shared_data / "clms_ssm").glob("c_gls_SWI1km_*.nc"))
    product = ProductSettings(reader="surface_state", collection="swi", variant="nc", assets={"file": "file"})
    found = surface_state.read(reader, granule(path, (1, 0, 1)), product, TOULOUSE)
    assert float(found.value.max()) == 0.0 and (found["flags"].values & surface_state.FROZEN == 0).all()
    assert 0.5 < np.isfinite(found.value.values).mean() < 1.0, "code 252 of the real file is unknown, not a state"
