"""The vegetation alone, driven with the soil and surface state of a reference run, step by step."""

import numpy as np
import xarray as xr

from ldas.model.biomass import Pools, biomass_parameters, update_biomass
from ldas.model.canopy_radiation import canopy_optics
from ldas.model.constants import GRAVITY, R_D, R_V
from ldas.model.leaf import leaf_parameters, reference_assimilation
from ldas.model.parameters import Parameters
from ldas.model.photosynthesis import (
    CanopyAir,
    CanopyFluxes,
    assimilate_gauss,
    assimilate_multilayer,
    canopy_scratch,
    deficit_at_leaf,
)
from ldas.model.respiration import RespirationFluxes, respiration_parameters, respire, topsoil_weights
from ldas.model.saturation import saturation_humidity
from tests.model.reference_case import Case

STEP, STEPS_PER_HOUR = 300.0, 12


def stepped(records: np.ndarray, steps: int) -> np.ndarray:
    """Values at the start of each step, linear between hourly records."""
    m = np.arange(steps)
    i, x = m // STEPS_PER_HOUR, (m % STEPS_PER_HOUR) / STEPS_PER_HOUR
    return records[i] + x * (records[i + 1] - records[i])


def at_start(first: float, ends: np.ndarray) -> np.ndarray:
    """Values at the start of each step, from the first state and the values at the end of the steps."""
    return np.concatenate([[first], ends[:-1]])


def run_vegetation(case: Case, out: xr.Dataset, zenith: np.ndarray) -> dict[str, np.ndarray]:
    """The first day's vegetation with the reference's soil, snow, LE and R_a; name → (step,) under the output's names.

    `zenith` (step,) is the angle the reference used.
    """
    p, stored = case.parameters, case.stored
    steps = out.sizes["time"]
    series = {name: out[name].values[:, 0].astype(float) for name in out.data_vars}
    tair, qair, psurf, co2 = (stepped(case.weather[name], steps) for name in ("Tair", "Qair", "PSurf", "CO2air"))
    sw = stepped(case.weather["DIR_SWdown"], steps) + stepped(case.weather["SCA_SWdown"], steps)
    rho = psurf / (R_D * tair * (1.0 + (R_V / R_D - 1.0) * qair) + GRAVITY * 2.0)
    layers = int(p.n_water[0])
    water = np.array([at_start(stored["XWG"][j], series[f"WG{j + 1}"]) for j in range(layers)])
    span = (p.w_fc - p.w_wilt)[:layers]
    f2 = (p.root_fraction[:layers] * np.clip((water - p.w_wilt[:layers]) / span, 0.0, 1.0)).sum(axis=0)
    t_s = at_start(stored["XTG"][0], series["TG1"])
    le, resa, wr = at_start(0.0, series["LE"]), at_start(100.0, series["RESA"]), at_start(0.0, series["WR"])

    co2 = co2 / rho
    leaf, rules = leaf_parameters(p), biomass_parameters(p, case.multilayer)
    optics = canopy_optics(p, p.albedo_vis_veg, p.albedo_vis_soil)
    breath, weights = respiration_parameters(p), topsoil_weights(p)
    lai = np.array([stored["XLAI"]])
    pools = Pools(
        lai,
        *(np.array([x]) for x in (*stored["XBIOMASS"], stored["XANDAY"], stored["XANFM"], 0.0, 0.0)),
        np.empty(1),
        p.leaf_nitrogen.copy(),
    )
    reference_assimilation(leaf, co2[:1], pools.assimilation_reference)
    fluxes, breathing = CanopyFluxes(*np.zeros((5, 1))), RespirationFluxes(*np.zeros((3, 1)))
    scratch, work = canopy_scratch(1), np.zeros((2, 1))
    names = ("RS", "GPP", "ANDAY", "ANFM", "LAI", "BIOMA1", "BIOMA2", "BIOMA3", "RESPI2", "RESPI3", "R_AUTO", "R_ECO")
    found = {name: np.empty(steps) for name in (*names, "FAPAR")}
    for k in range(steps):
        capacity = float(p.c_wr[0] * vegetation_cover(p, lai) * lai[0])
        delta = min(1.0, (min(wr[k], capacity) / capacity) ** (2.0 / 3.0)) if capacity > 0.0 else 0.0
        deficit = deficit_at_leaf(saturation_humidity(t_s[k], psurf[k]), qair[k], rho[k], le[k], resa[k])
        exposed = (1.0 - delta) * (1.0 - series["PSNV"][k])
        values = (t_s[k], deficit, rho[k], co2[k], sw[k], zenith[k], np.cos(zenith[k]), f2[k], exposed, lai[0])
        air = CanopyAir(*(np.array([value]) for value in values))
        sums = (pools.assimilation_day, pools.assimilation_max)
        if case.multilayer:
            assimilate_multilayer(leaf, optics, air, STEP, scratch, fluxes, *sums)
        else:
            assimilate_gauss(leaf, air, STEP, fluxes, *sums)
        if k == 0:
            update_biomass(rules, pools)
        respire(
            breath,
            weights,
            np.array([[series[f"TG{j + 1}"][k]] for j in range(14)]),
            np.array([[series[f"WG{j + 1}"][k]] for j in range(layers)]),
            (pools.lai, pools.biomass_structural, pools.biomass_deep),
            STEP,
            False,
            fluxes.r_leaf,
            (pools.respiration_structural, pools.respiration_deep),
            breathing,
            *work,
        )
        autotrophic = fluxes.r_leaf + breathing.r_structural + breathing.r_deep
        day = (*pools[4:6], *pools[:4], *pools[6:8])
        for name, value in zip(
            found, (fluxes.r_s, fluxes.gpp, *day, autotrophic, breathing.r_eco, fluxes.fapar), strict=True
        ):
            found[name][k] = value[0]
    return found


def vegetation_cover(parameters: Parameters, lai: np.ndarray) -> float:
    """Vegetation fraction of the column."""
    crop = parameters.veg_rule[0] == 2
    return float(1.0 - np.exp(-0.6 * lai[0])) if crop else float(parameters.veg_constant[0])
