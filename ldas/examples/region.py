"""A region on measured soil moisture: real Sentinel-1 granules, a made-up world of maps and weather around them.

The weather and the static maps come from the demo's generator, so nothing here says how good the analysis is; what is
shown is that the service finds, reads, rescales and assimilates the real product. A few days of granules are no
climatology, so rescaling pools neighbouring cells of one class, as the service does before it knows a cell's own
season, with the pairs of an open loop over the same days.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from ldas.assimilation.moments import PairMoments
from ldas.assimilation.quality_control import CellObservations, check_observations
from ldas.assimilation.rescaling import to_volumetric
from ldas.config import Profile
from ldas.cycle import DAY, window_model
from ldas.demo.world import World, forcing_settings, physiography_settings
from ldas.errors import ConfigurationError, InputError
from ldas.examples.scenes import PRODUCT, SceneFile
from ldas.forcing import interpolation_options, to_model_forcing, window_forcing
from ldas.grid import Grid
from ldas.initial import make_domain
from ldas.model.cold_start import cold_start
from ldas.model.integrate import integrate
from ldas.model.state import State
from ldas.observations import Observations, collect
from ldas.record import Domain, Record, state_configuration
from ldas.seasonal import add_pairs, refit
from ldas.window import WindowModel

WINDOW_HOUR = 18
LABEL = "real Sentinel-1 soil moisture, SYNTHETIC weather and maps"
NEIGHBOUR_KM = 30.0
SLOPE_LIMITS = (0.05, 5.0)
"""The generator's weather varies little within a class of cells, so the fitted slopes are small."""


@dataclass(frozen=True)
class Calibration:
    """What the service starts from: the domain, the spun-up state, and the pairs that rescaling is fitted to."""

    domain: Domain
    state: State
    moments: PairMoments


def region_world(grid: Grid, scenes: list[SceneFile], spinup_days: int) -> World:
    """The made-up world around the granules: `spinup_days` before the first one's window, up to the last one."""
    first, last = first_window(scenes), scenes[-1].nominal
    windows = (datetime(last.year, last.month, last.day, WINDOW_HOUR, tzinfo=UTC) - first) // DAY
    return World(grid, first - timedelta(days=spinup_days), spinup_days + windows)


def first_window(scenes: list[SceneFile]) -> datetime:
    """Start of the window that ends on the first granule's day."""
    day = scenes[0].nominal
    return datetime(day.year, day.month, day.day, WINDOW_HOUR, tzinfo=UTC) - DAY


def region_profile(grid: Grid, start: datetime, inputs: str, stac_url: str, store: str) -> str:
    """The YAML text of the region's profile; its titles say what is synthetic."""
    content = {
        "domain": {
            "name": "region",
            "title": f"Region example: {LABEL}",
            "west": grid.west,
            "south": grid.south,
            "east": grid.east,
            "north": grid.north,
            "resolution": grid.resolution,
        },
        "window": {"hour": WINDOW_HOUR, "start": f"{start:%Y-%m-%dT%H:%M:%S}"},
        "experiment": "SSM",
        "assimilation": {
            "rescaling": {
                "refit": "never",
                "neighbour_distance_km": NEIGHBOUR_KM,
                "slope_limits": list(SLOPE_LIMITS),
            }
        },
        "physiography": physiography_settings(inputs).model_dump(mode="json", exclude_defaults=True),
        "forcing": forcing_settings(inputs).model_dump(mode="json", exclude_defaults=True),
        "observations": {"stac_url": stac_url, "ssm": PRODUCT.model_dump(mode="json"), "lai": None},
        "record": {"uri": f"{store}/record"},
        "publication": {"uri": f"{store}/public", "title": f"Region example ({LABEL})", "institution": "example"},
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def calibrate(
    profile: Profile, since: datetime, until: datetime, cache: Path, progress: Callable[[float], None]
) -> Calibration:
    """Run the open loop from a cold start at `since` and pair it with the granules of the profile's days.

    The state is that of the profile's first window; the pairs are those of the windows from there to `until`.
    """
    domain = make_domain(profile)
    model = window_model(profile, domain)
    state, start = cold_start(domain.parameters, profile.model), None
    moments = PairMoments.empty(domain.grid.size)
    days = (until - since) // DAY
    for index in range(days):
        t0, t1 = since + index * DAY, since + (index + 1) * DAY
        if t0 == profile.window.first():
            start = state
        weather = window_forcing(profile.forcing, domain.grid, t0, t1, None, domain.maps.get("elevation"))
        options = profile.model.model_copy(update=interpolation_options(weather))
        (state,), _ = integrate(domain.parameters, [state], to_model_forcing(weather, domain.columns), options)
        if start is not None:
            found = collect(profile.observations, domain.grid, t0, t1, cache)
            moments = _with_pairs(moments, found, state, t1, model)
        progress((index + 1) / days)
    if start is None:
        raise ConfigurationError(f"calibration: expected the first window after {since}, got {profile.window.first()}")
    return Calibration(domain, start, moments)


def _with_pairs(
    moments: PairMoments, found: Observations, open_loop: State, t1: datetime, model: WindowModel
) -> PairMoments:
    """Moments with a window's soil moisture, before rescaling, beside the open loop at its end."""
    if found.degraded:
        raise InputError("; ".join(found.degraded))
    if found.ssm is None:
        return moments
    w_sat = model.domain.aggregate(model.domain.w_sat[1])
    ssm = to_volumetric(found.ssm["value"].values.reshape(-1), str(found.ssm.attrs["units"]), w_sat)
    cells = CellObservations.on_cells(model.domain.cells, ssm=ssm, ssm_count=found.ssm["count"].values)
    checked = check_observations(cells, open_loop, model.domain, model.settings, model.experiment)
    patches = model.settings.in_force().ssm_patches
    return add_pairs(moments, t1, ssm, checked.flags, open_loop, model.domain, patches)


def start_record(profile: Profile, calibration: Calibration) -> Record:
    """The record of the service at its first window, with the calibration's state and the rescaling of its pairs."""
    start = profile.window.first()
    rescaling = refit(calibration.moments, profile.assimilation.rescaling, calibration.domain, start, "")
    return Record.create(
        profile.record, calibration.domain, start, calibration.state, state_configuration(profile), rescaling
    )
