"""Settling of snow under its weight and by wind (energy document §4.5, 5 and 6; Brun et al. 1989, 1997)."""

from ldas.model.constants import GRAVITY, T_T
from ldas.model.fastmath import exp
from ldas.model.kernel import kernel
from ldas.model.snow_layers import DENSITY_MAX, DENSITY_MIN, layer_heat, liquid_capacity

DRIFT_DENSITY = 350.0
DRIFT_TIME = 172800.0 * 1.25


@kernel
def compact(pack, work, count, time_step):
    """Item 5: viscous settling under the layers above and half of the first."""
    overburden = work.flow
    for i in range(count):
        overburden[i] = 0.5 * work.thickness[0, i] * pack.density[0, i]
    for k in range(work.thickness.shape[0]):
        for i in range(count):
            thickness, density = work.thickness[k, i], pack.density[k, i]
            mass = thickness * density
            wetness = min(1.0, work.liquid[k, i] / max(1.0e-10, liquid_capacity(thickness, density)))
            stiffness = exp(0.023 * density + 0.1 * min(5.0, T_T - work.temperature[k, i]))
            viscosity = 7.62237e6 * stiffness * (density / 250.0) / (1.0 + 10.0 * wetness)
            settled = density * (1.0 + time_step * GRAVITY * overburden[i] / viscosity)
            settled = settled if density < DENSITY_MAX else density
            pack.density[k, i] = settled
            work.thickness[k, i] = thickness * density / settled
            overburden[i] = mass if k == 0 else overburden[i] + mass


@kernel
def drift(weather, surface, pack, work, count, time_step):
    """Item 6: wind breaks and packs the grains of layers that can move; then enthalpy anew, of (H)."""
    burial, mobile = work.flow, work.lost
    for i in range(count):
        burial[i] = 0.0
        mobile[i] = 1.0
    for k in range(work.thickness.shape[0]):
        for i in range(count):
            wind = 1.25 * (1.0 - 0.85 * surface.forest[i]) * weather.wind[i]
            thickness, density = work.thickness[k, i], pack.density[k, i]
            mobility = 1.25 - 1.25e-3 * (max(density, DENSITY_MIN) - DENSITY_MIN) / 0.295
            index = mobility - 2.868 * exp(-0.085 * wind) + 1.0
            mobile[i] = mobile[i] if index > 0.0 else 0.0
            above = burial[i] + 0.05 * thickness * (3.25 - index)
            rate = index * exp(-100.0 * above) / DRIFT_TIME
            packed = min(DRIFT_DENSITY, density + (DRIFT_DENSITY - density) * time_step * rate)
            moves = (mobile[i] > 0.0) & (density < DRIFT_DENSITY)
            packed = packed if moves else density
            thickness *= density / packed
            burial[i] = above + 0.05 * thickness * (3.25 - index)
            pack.density[k, i] = packed
            work.thickness[k, i] = thickness
            work.heat[k, i] = layer_heat(work.temperature[k, i], work.liquid[k, i], thickness, packed)
