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
    strain = time_step * GRAVITY * 250.0 / 7.62237e6  # the density in the viscosity cancels that of the layer
    for i in range(count):
        overburden[i] = 0.5 * work.thickness[0, i] * pack.density[0, i]
    for k in range(work.thickness.shape[0]):
        for i in range(count):
            thickness, density = work.thickness[k, i], pack.density[k, i]
            mass = thickness * density
            wetness = min(1.0, work.liquid[k, i] / max(1.0e-10, liquid_capacity(thickness, density)))
            softness = exp(-(0.023 * density + 0.1 * min(5.0, T_T - work.temperature[k, i])))
            settled = density + strain * overburden[i] * softness * (1.0 + 10.0 * wetness)
            settled = settled if density < DENSITY_MAX else density
            pack.density[k, i] = settled
            work.thickness[k, i] = thickness * density / settled
            overburden[i] = mass if k == 0 else overburden[i] + mass


@kernel
def drift(weather, surface, pack, work, count, time_step):
    """Item 6: wind breaks and packs the grains of layers that can move; then enthalpy anew, of (H)."""
    burial, mobile, calm = work.flow, work.lost, work.near_rest
    for i in range(count):
        burial[i] = 0.0
        mobile[i] = 1.0
        wind = 1.25 * (1.0 - 0.85 * surface.forest[i]) * weather.wind[i]
        calm[i] = 1.0 - 2.868 * exp(-0.085 * wind)
    per_time = time_step / DRIFT_TIME
    for k in range(work.thickness.shape[0]):
        for i in range(count):
            thickness, density = work.thickness[k, i], pack.density[k, i]
            mobility = 1.25 - (max(density, DENSITY_MIN) - DENSITY_MIN) * (1.25e-3 / 0.295)
            index = mobility + calm[i]
            mobile[i] = mobile[i] if index > 0.0 else 0.0
            above = burial[i] + 0.05 * thickness * (3.25 - index)
            rate = index * exp(-100.0 * above) * per_time
            packed = min(DRIFT_DENSITY, density + (DRIFT_DENSITY - density) * rate)
            moves = (mobile[i] > 0.0) & (density < DRIFT_DENSITY)
            packed = packed if moves else density
            thickness *= density / packed
            burial[i] = above + 0.05 * thickness * (3.25 - index)
            pack.density[k, i] = packed
            work.thickness[k, i] = thickness
            work.heat[k, i] = layer_heat(work.temperature[k, i], work.liquid[k, i], thickness, packed)
