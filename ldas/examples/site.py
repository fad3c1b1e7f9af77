"""The four experiments at one measured site: real weather, real LAI and soil moisture, part of it assimilated.

Every tenth day of LAI and every sixth day of surface soil moisture is offered to the filter; the other days, and all of
the deeper soil moisture, only judge it. Surface soil moisture is rescaled to the open loop with moments of the same
season (one season is all there is), which the scores must be read with.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.moments import PairMoments
from ldas.assimilation.quality_control import CellObservations
from ldas.assimilation.rescaling import RescalingParameters, fit, rescale
from ldas.assimilation.settings import AssimilationSettings, Experiment, QualityControlSettings, RescalingSettings
from ldas.dekads import Dekad
from ldas.forcing import interpolation_options, to_model_forcing
from ldas.forcing.derived import add_co2
from ldas.forcing.settings import ForcingSettings
from ldas.grid import PATCHES, Columns
from ldas.model.cold_start import cold_start
from ldas.model.derive import derive_parameters
from ldas.model.integrate import integrate
from ldas.model.options import ModelOptions
from ldas.model.state import State
from ldas.window import WindowModel, run_window

SSM_EVERY, LAI_EVERY = 6, 10
CO2_PPM = 371.0  # of 2001
EXPERIMENTS: tuple[Experiment, ...] = ("OL", "SSM", "LAI", "SSM_LAI")
DAY = np.timedelta64(24, "h")


@dataclass(frozen=True)
class Site:
    """What is known of the place: position in degrees, texture fractions and the shares of the 12 patches."""

    latitude: float
    longitude: float
    sand: float
    clay: float
    patch_fraction: dict[int, float]

    def columns(self) -> Columns:
        fractions = np.zeros((PATCHES, 1, 1))
        for patch, share in self.patch_fraction.items():
            fractions[patch - 1] = share
        return Columns.from_fractions(fractions)


BONDVILLE = Site(40.01, -88.37, sand=0.10, clay=0.27, patch_fraction={7: 0.5, 8: 0.5})
"""Silt loam of the file's soil category 8 (silty clay loam); a maize and soybean rotation: half C3, half C4 crop."""


def run_site(
    site: Site,
    weather: xr.Dataset,
    observed: xr.Dataset,
    options: ModelOptions,
    spinup_passes: int = 3,
    progress: Callable[[str, float], None] = lambda name, share: None,
) -> xr.Dataset:
    """Run all four experiments and return daily series on (experiment, time) beside the observations.

    `weather` is a dataset of `ldas.forcing.bondville.read_forcing` (1 x 1 cells); `observed` has `lai`,
    `soil_moisture_1` (the upper layer) and `soil_moisture_2` on `time`, NaN where missing. Windows run from midnight to
    midnight UTC, the hour of the daily observations.
    """
    weather = complete(weather)
    options = options.model_copy(update=interpolation_options(weather))
    columns = site.columns()
    size = len(columns)
    parameters = derive_parameters(
        columns.patch,
        np.full(size, site.latitude),
        np.full(size, site.longitude),
        np.full(size, site.sand),
        np.full(size, site.clay),
        options,
        vegetated_share=np.ones(size),
    )
    # In situ observations at one cell: maps of town, water and relief say nothing, the coverage rule neither.
    settings = AssimilationSettings(quality_control=QualityControlSettings(coverage_minimum=0.0))
    domain = AnalysisDomain.from_parameters(columns, parameters, np.array([[site.clay]]))
    windows = _windows(weather)
    start = cold_start(parameters, options)
    for index in range(spinup_passes):
        (start,), _ = integrate(parameters, [start], to_model_forcing(weather, columns), options)
        progress("spin-up", (index + 1) / spinup_passes)

    def run(experiment: Experiment, rescaling: RescalingParameters | None) -> xr.Dataset:
        model = WindowModel(parameters, domain, options, settings, experiment)
        return _run_experiment(model, start, windows, columns, observed, rescaling, settings.rescaling, progress)

    open_loop = run("OL", None)
    rescaling = _fit_season(
        open_loop, observed, site, parameters.w_wilt[1, 0], parameters.w_fc[1, 0], settings.rescaling
    )
    others = [run(experiment, rescaling) for experiment in EXPERIMENTS[1:]]
    result = xr.concat([open_loop, *others], dim=xr.Variable("experiment", list(EXPERIMENTS)))
    seen = observed.reindex(time=result["time"])
    return result.assign({f"observed_{name}": seen[name] for name in seen.data_vars}).assign(
        offered_ssm=("time", _offered(result, SSM_EVERY)), offered_lai=("time", _offered(result, LAI_EVERY))
    )


def complete(weather: xr.Dataset) -> xr.Dataset:
    """The measured weather as `to_model_forcing` takes it, from its first midnight on."""
    midnight = weather["time"].dt.floor("D") == weather["time"]
    weather = weather.isel(time=slice(int(np.argmax(midnight.values)), None))
    weather = add_co2(weather, ForcingSettings(co2_ppm=CO2_PPM))
    return weather.assign(
        Wind_E=weather["Wind"], Wind_N=weather["Wind"] * 0.0, forcing_mask=(("lat", "lon"), np.ones((1, 1), bool))
    )


def _windows(weather: xr.Dataset) -> list[xr.Dataset]:
    times = weather["time"].values
    ends = np.arange(times[0] + DAY, times[-1] + np.timedelta64(1, "s"), DAY)
    return [weather.sel(time=slice(end - DAY, end)) for end in ends]


def _offered(series: xr.Dataset, every: int) -> np.ndarray:
    """Whether a day's observation is offered to the filter: every n-th day of the calendar."""
    days = (series["time"].values - np.datetime64("1970-01-01")) // np.timedelta64(1, "D")
    return days.astype(int) % every == 0


def _fit_season(
    open_loop: xr.Dataset,
    observed: xr.Dataset,
    site: Site,
    w_wilt: float,
    w_fc: float,
    settings: RescalingSettings,
) -> RescalingParameters:
    """Rescaling from all pairs of this season: one year, so the fall-back over the whole year is what it gives."""
    moments = PairMoments.empty(1)
    seen = observed["soil_moisture_1"].reindex(time=open_loop["time"])
    for when, pair in zip(
        open_loop["time"].values, zip(seen.values, open_loop["ssm"].values, strict=True), strict=True
    ):
        day = when.astype("datetime64[D]").item()
        moments = moments.add(Dekad.of(day).number - 1, day.year, np.array([pair[0]]), np.array([pair[1]]))
    return fit(
        moments,
        settings,
        version="site-season",
        identity="site",
        lat=np.array([site.latitude]),
        lon=np.array([site.longitude]),
        cell_class=np.zeros(1, int),
        w_wilt=np.array([w_wilt]),
        w_fc=np.array([w_fc]),
    )


def _run_experiment(
    model: WindowModel,
    start: State,
    windows: list[xr.Dataset],
    columns: Columns,
    observed: xr.Dataset,
    rescaling: RescalingParameters | None,
    settings: RescalingSettings,
    progress: Callable[[str, float], None],
) -> xr.Dataset:
    state = open_loop = start
    rows = []
    for index, weather in enumerate(windows):
        end = weather["time"].values[-1]
        observations = _observations(end, observed, rescaling, settings)
        result = run_window(model, open_loop, state, to_model_forcing(weather, columns), observations)
        state, open_loop = result.analysed, result.open_loop
        wg = columns.cell_mean(state.wg)[:, 0, 0]
        rows.append(
            {
                "ssm": wg[1],
                "sm_10_20cm": wg[3],
                "wg5": wg[4],
                "lai": columns.cell_mean(state.lai)[0, 0],
                "ssm_used": float(result.analysis.used[0, 0]),
                "lai_used": float(result.analysis.used[1, 0]),
            }
        )
        progress(model.experiment, (index + 1) / len(windows))
    times = np.array([weather["time"].values[-1] for weather in windows])
    return xr.Dataset({name: ("time", [row[name] for row in rows]) for name in rows[0]}, coords={"time": times})


def _observations(
    end: np.datetime64, observed: xr.Dataset, rescaling: RescalingParameters | None, settings: RescalingSettings
) -> CellObservations:
    """What is offered at a window's end."""
    if rescaling is None or end not in observed.indexes["time"]:
        return CellObservations.on_cells(1)
    here = observed.sel(time=end)
    day = end.astype("datetime64[D]")
    number = int((day - np.datetime64("1970-01-01")) // np.timedelta64(1, "D"))
    ssm = np.array([float(here["soil_moisture_1"]) if number % SSM_EVERY == 0 else np.nan])
    lai = np.array([float(here["lai"]) if number % LAI_EVERY == 0 else np.nan])
    day_of_year = float((day - day.astype("datetime64[Y]").astype("datetime64[D]")).astype(int) + 1)
    scaled = rescale(rescaling, ssm, np.array([np.nan]), day_of_year, "site", settings)
    return CellObservations.on_cells(
        1, ssm=scaled.value, lai=lai, ssm_inflation=scaled.inflation, ssm_flags=scaled.flags
    )
