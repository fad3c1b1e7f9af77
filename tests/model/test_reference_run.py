"""The whole model against the reference model: first day step by step, three days from restarts, three years daily."""

from dataclasses import fields

import numpy as np
import pytest
import xarray as xr

from ldas.model.forcing import Forcing
from ldas.model.integrate import integrate
from ldas.model.outputs import OutputRequest
from ldas.model.parameters import Parameters
from ldas.model.state import State
from tests.model.reference_case import Case, case_forcing, case_state, load_case

pytestmark = pytest.mark.reference

COLUMNS = (
    "A_c3crop_loam",
    "B_c3grass_sand",
    "C_c4crop_clay",
    "D_deciduous_silt",
    "E_needleleaf_sand",
    "F_c3grass_mountain",
)
VARIANTS = ("A_pedo_CO84", "A_runoff_WSAT", "A_trml")
CASES = [f"synthetic-weather/{name}" for name in COLUMNS] + [f"variants/{name}" for name in VARIANTS]
LAYERED = {"TG": "tg", "WG": "wg", "WGI": "wgi"}
STATES = {
    "LAI": "lai",
    "BIOMA1": "biomass_leaf",
    "BIOMA2": "biomass_structural",
    "BIOMA3": "biomass_deep",
    "ANDAY": "assimilation_day",
    "ANFM": "assimilation_max",
    "WSN_T": "swe",
    "DSN_T": "snow_depth",
    "WR": "wr",
}
STEP_STATES = STATES | {"RESPI2": "respiration_structural", "RESPI3": "respiration_deep", "RESA": "resa"}
FLUXES = {
    "RN": "rnet",
    "H": "qh",
    "LE": "qle",
    "GFLUX": "qg",
    "LEG": "le_soil",
    "LETR": "le_transpiration",
    "LER": "le_interception",
    "LES": "le_snow",
    "EVAP": "evap",
    "DRAIN": "drainage",
    "RUNOFF": "runoff",
    "SNOMLT": "snow_outflow",
    "GPP": "gpp",
}
STEP_FLUXES = FLUXES | {
    "LEGI": "le_ice",
    "R_AUTO": "autotrophic_respiration",
    "R_ECO": "ecosystem_respiration",
    "TALB": "albedo",
    "TSRAD": "radiative_temperature",
    "PSN": "snow_fraction",
    "PSNG": "snow_fraction_ground",
    "PSNV": "snow_fraction_vegetation",
    "FAPAR": "fapar",
}
RESIDUES = {"WR": 1e-15, "LER": 1e-9, "DELTA": 1e-9}
"""Absolute tolerance of what is rounding residue on dry leaves: kg m-2, W m-2 and a share."""


def names_of(out: xr.Dataset, names: dict[str, str]) -> dict[str, tuple[str, int | None]]:
    """The stored names that both sides have → (our name, layer)."""
    found: dict[str, tuple[str, int | None]] = {theirs: (ours, None) for theirs, ours in names.items() if theirs in out}
    for prefix, ours in LAYERED.items():
        found |= {f"{prefix}{j + 1}": (ours, j) for j in range(14) if f"{prefix}{j + 1}" in out}
    return found


def series(outputs: dict[str, np.ndarray], ours: str, layer: int | None, column: int = 0) -> np.ndarray:
    values = outputs[ours][..., column]
    return values if layer is None else values[:, layer]


def differences(out: xr.Dataset, outputs: dict, names: dict[str, str]) -> dict[str, tuple[float, int]]:
    """Largest difference over the reference's maximum (residues: over their tolerance × 1e9) and its step, by name."""
    found = {}
    for theirs, (ours, layer) in names_of(out, names).items():
        expected = out[theirs].values.reshape(-1).astype(float)
        gap = np.abs(np.nan_to_num(series(outputs, ours, layer)) - np.nan_to_num(expected))
        largest = np.abs(np.nan_to_num(expected)).max()
        scale = max(largest, RESIDUES.get(theirs, 0.0) * 1e9)
        found[theirs] = (float(gap.max() / scale) if scale > 0.0 else float(gap.max()), int(gap.argmax()))
    return found


@pytest.mark.parametrize("name", CASES)
def test_first_day_step_by_step(name, shared_reference):
    """Every state and flux of 288 steps within 1e-9 of its maximum; found: 4e-12."""
    case = load_case(shared_reference, name)
    out = xr.open_dataset(case.folder / "first_day_300s.nc")
    names = STEP_STATES | STEP_FLUXES
    request = OutputRequest((*names.values(), *LAYERED.values()))
    _, (outputs,) = integrate(
        case.parameters, [case_state(case)], case_forcing(case, 24), case.options, outputs=[request]
    )
    found = differences(out, outputs, names)
    assert len(found) > 60
    wrong = {theirs: gap for theirs, gap in found.items() if gap[0] > 1e-9}
    assert not wrong


def join(cases: list[Case], hours: int) -> tuple[Parameters, State, Forcing]:
    """Several cases as the columns of one run, each with its own weather."""

    def gather(parts: list[np.ndarray]) -> np.ndarray:
        return np.ascontiguousarray(np.concatenate(parts, axis=-1))

    states, weathers = [case_state(case) for case in cases], [case_forcing(case, hours) for case in cases]
    parameters = Parameters(**{n: gather([getattr(c.parameters, n) for c in cases]) for n in Parameters.names()})
    state = State(**{n: gather([getattr(s, n) for s in states]) for n in State.names()})
    values = {f.name: getattr(weathers[0], f.name) for f in fields(Forcing)}
    records = {n: gather([getattr(w, n) for w in weathers]) for n, v in values.items() if np.ndim(v) == 2}
    return parameters, state, Forcing(**(values | records | {"cell": np.arange(len(cases))}))


WINDOW_DIAGNOSTICS = {
    "RS": "canopy_resistance",
    "F2": "water_stress",
    "CT": "c_t",
    "CG": "c_g",
    "HUG": "soil_humidity",
    "HV": "halstead",
    "DELTA": "wet_fraction",
    "zenith": "zenith",
}
WINDOWS = {"summer3d": np.datetime64("2017-06-15"), "winter3d": np.datetime64("2018-01-20")}


@pytest.mark.parametrize(
    ("window", "name"),
    [("summer3d", name) for name in COLUMNS] + [("winter3d", "A_c3crop_loam"), ("winter3d", "F_c3grass_mountain")],
)
def test_three_days_from_a_restart(window, name, shared_reference):
    """864 steps from a stored start; the numbers are in single precision, hence 1e-6 of the maximum (found: 1e-7)."""
    case = load_case(shared_reference, f"synthetic-weather/{name}", start=window)
    steps = xr.open_dataset(shared_reference / f"synthetic-weather/reference_steps_{window}.nc")
    out = steps.isel(column=list(steps["column_name"].values).index(name))
    names = (STEP_STATES | STEP_FLUXES | WINDOW_DIAGNOSTICS).copy()
    request = OutputRequest((*names.values(), *LAYERED.values()))
    first_hour = int((WINDOWS[window] - np.datetime64("2017-01-01")) / np.timedelta64(1, "h"))
    forcing = case_forcing(case, 72, first_hour)
    _, (outputs,) = integrate(case.parameters, [case_state(case)], forcing, case.options, outputs=[request])
    found = differences(out, outputs, names)
    assert len(found) > 40
    wrong = {theirs: gap for theirs, gap in found.items() if gap[0] > 1e-6}
    assert not wrong


def root_mean_square(gap: np.ndarray) -> float:
    return float(np.sqrt(np.mean(gap**2)))


def check_years(out: xr.Dataset, outputs: dict, column: int, rates: bool) -> None:
    """The issue's bounds on daily values and annual totals of one column; accumulated sums where not `rates`."""
    for theirs, (ours, layer) in names_of(out, STATES).items():
        gap = series(outputs, ours, layer, column) - out[theirs].values.reshape(-1)
        bound = {"W": 1e-7, "T": 1e-4, "L": 1e-6}.get(theirs[0])
        if theirs == "WSN_T":
            bound = 1e-5
        if bound is not None and theirs not in ("WR",):
            assert root_mean_square(gap) <= bound, theirs
    days = out[next(iter(out.data_vars))].size
    for theirs in ("EVAP", "LETR", "GPP", "RUNOFF", "DRAIN"):
        ours = outputs[FLUXES[theirs]][:, column] * 86400.0
        stored = out[theirs].values.reshape(-1) * 86400.0 if rates else out[f"{theirs}C"].values.reshape(-1)
        stored = stored if rates else np.diff(stored, prepend=0.0)
        for first in range(0, days, 365):
            year = slice(first, first + 365)
            total = stored[year].sum()
            assert abs(ours[year].sum() - total) <= 1e-5 * max(abs(total), 1e-6), (theirs, first)


def run_years(cases: list[Case], days: int) -> dict[str, np.ndarray]:
    parameters, state, forcing = join(cases, 24 * days)
    requests = [
        OutputRequest((*STATES.values(), *LAYERED.values()), every=288),
        OutputRequest(tuple(FLUXES.values()), every=288, statistic="mean"),
    ]
    _, (outputs,) = integrate(parameters, [state], forcing, cases[0].options, outputs=requests)
    return outputs


@pytest.mark.slow
def test_three_years_of_six_columns(shared_reference):
    """Daily RMSD of water 1e-7 m3 m-3, temperatures 1e-4 K, LAI 1e-6; annual totals within 1e-5."""
    cases = [load_case(shared_reference, f"synthetic-weather/{name}") for name in COLUMNS]
    daily = xr.open_dataset(shared_reference / "synthetic-weather/reference_daily.nc")
    outputs = run_years(cases, daily.sizes["day"])
    for column, name in enumerate(COLUMNS):
        assert daily["column_name"].values[column] == name
        stored = daily.isel(column=column).drop_vars("column_name")
        stored = stored.drop_vars([v for v in stored if np.isnan(stored[v]).all()])
        check_years(stored, outputs, column, rates=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_three_years_of_a_variant(name, shared_reference):
    case = load_case(shared_reference, f"variants/{name}")
    daily = xr.open_dataset(case.folder / "daily_24utc.nc").isel(patch=0)
    outputs = run_years([case], daily.sizes["time"])
    check_years(daily, outputs, 0, rates=False)
