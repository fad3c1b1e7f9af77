"""The seasonal rescaling as a running service keeps it: this window's SSM, its pairs, and the refits (§3.4, §3.5)."""

from datetime import datetime

import numpy as np

from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.moments import PairMoments
from ldas.assimilation.quality_control import usable_for_rescaling
from ldas.assimilation.rescaling import RescalingParameters, fit
from ldas.assimilation.settings import RescalingSettings
from ldas.dekads import Dekad
from ldas.model.state import State
from ldas.record.contents import Domain

CYCLES_A_YEAR = 366


def add_pairs(
    moments: PairMoments,
    time: datetime,
    observed: np.ndarray,
    flags: np.ndarray,
    open_loop: State,
    domain: AnalysisDomain,
    ssm_patches: str,
) -> PairMoments:
    """Moments with the pairs of a window: SSM before rescaling, (cell,), and the open loop's equivalent at its end."""
    modelled = domain.sum_patches(domain.observation_weights(ssm_patches)[0] * open_loop.wg[1])
    usable = usable_for_rescaling(flags) & domain.has_columns
    return moments.add(Dekad.of(time).number - 1, time.year, np.where(usable, observed, np.nan), modelled)


def refit_is_due(settings: RescalingSettings, time: datetime, cycles: int) -> bool:
    """Whether parameters are fitted anew after the window that ends at `time`, the `cycles`-th before it.

    `yearly` refits on 1 January, and monthly as long as the record is younger than a year.
    """
    if settings.refit == "dekadly":
        return time.day in (1, 11, 21)
    if settings.refit == "monthly" or cycles < CYCLES_A_YEAR:
        return settings.refit != "never" and time.day == 1
    return settings.refit == "yearly" and (time.month, time.day) == (1, 1)


def refit(
    moments: PairMoments, settings: RescalingSettings, domain: Domain, time: datetime, identity: str
) -> RescalingParameters:
    """Parameters of every cell from all pairs so far; the version is the date of the fit."""
    columns, parameters = domain.columns, domain.parameters
    lat, lon = np.meshgrid(domain.grid.lat, domain.grid.lon, indexing="ij")
    return fit(
        moments,
        settings,
        version=f"{time:%Y%m%d}",
        identity=identity,
        lat=lat.reshape(-1),
        lon=lon.reshape(-1),
        cell_class=cell_classes(domain),
        w_wilt=np.nan_to_num(columns.cell_mean(parameters.w_wilt[1])).reshape(-1),
        w_fc=np.nan_to_num(columns.cell_mean(parameters.w_fc[1])).reshape(-1),
    )


def cell_classes(domain: Domain) -> np.ndarray:
    """Cells that may stand in for each other: same dominant patch, same tenth of clay; int (cell,)."""
    dominant = domain.maps["patch_fraction"].values.argmax(axis=0)
    clay = np.nan_to_num(domain.maps["clay"].values)
    return (10 * dominant + np.minimum((10.0 * clay).astype(np.int64), 9)).reshape(-1)
