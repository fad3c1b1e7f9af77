"""The weather of one step on columns: time interpolation and derived quantities (energy document §§3.1-3.3)."""

from typing import NamedTuple

import numpy as np

from ldas.model.constants import C_PD, GRAVITY, P_00, R_D, R_V
from ldas.model.fastmath import power
from ldas.model.kernel import helper, kernel

# rows of a record, in the order of `ldas.model.forcing.FIELDS`
TAIR, QAIR, WIND_E, WIND_N, PSURF, RAINF, SNOWF, SW_DIRECT, SW_DIFFUSE, LWDOWN, CO2AIR = range(11)
EXNER_POWER = R_D / C_PD
VIRTUAL = R_V / R_D - 1.0
LOWEST_SUN = float(np.sin(0.01))  # cosine of the largest zenith angle with light, pi/2 - 0.01
HORIZON = float(np.cos(0.5 * np.pi))
ZENITH_SHIFT = 0.1  # rad, added to the zenith angle that shapes shortwave inside an interval
SW_CAP = 1300.0  # W m-2 per unit of the sun's cosine
SUN_MEAN_MIN = 0.01


class Place(NamedTuple):
    """Sine and cosine of latitude and longitude, float64 (column,)."""

    sin_latitude: np.ndarray
    cos_latitude: np.ndarray
    cos_longitude: np.ndarray
    sin_longitude: np.ndarray


class Weather(NamedTuple):
    """Weather of a step, float64 (column,)."""

    t_a: np.ndarray  # air temperature, K
    q_a: np.ndarray  # specific humidity, kg kg-1
    p_s: np.ndarray  # surface pressure, Pa
    rain: np.ndarray  # kg m-2 s-1
    snow: np.ndarray  # kg m-2 s-1
    sw: np.ndarray  # direct + diffuse shortwave, W m-2
    lw: np.ndarray  # W m-2
    co2: np.ndarray  # C_s, kg CO2 (kg air)-1
    wind: np.ndarray  # V, m s-1
    wind_star: np.ndarray  # V*, wind of the exchange coefficients, m s-1
    rho: np.ndarray  # air density, kg m-3
    exner_s: np.ndarray  # Exner function at the surface
    exner_a: np.ndarray  # and at the forcing level
    theta_va: np.ndarray  # virtual potential temperature of the air, K
    cos_zenith: np.ndarray  # after its limits
    zenith: np.ndarray  # rad, after its limits


def place_of(latitude: np.ndarray, longitude: np.ndarray) -> Place:
    """Trigonometry of positions in degrees."""
    latitude, longitude = np.deg2rad(latitude), np.deg2rad(longitude)
    return Place(np.sin(latitude), np.cos(latitude), np.cos(longitude), np.sin(longitude))


@helper
def sun_cosine(place, i, sun):
    """Cosine of the zenith angle of column i under a row of `ldas.model.solar.sun_positions`."""
    hour = sun[2] * place.cos_longitude[i] - sun[3] * place.sin_longitude[i]
    return place.sin_latitude[i] * sun[0] + place.cos_latitude[i] * sun[1] * hour


@helper
def shifted_sun_cosine(place, i, sun):
    """max(0, cos Z*), Z* the zenith angle plus 0.1 rad."""
    cosine = sun_cosine(place, i, sun)
    sine = np.sqrt(max(0.0, 1.0 - cosine * cosine))
    return max(0.0, cosine * np.cos(ZENITH_SHIFT) - sine * np.sin(ZENITH_SHIFT))


@helper
def air_density(t_a, q_a, p_s, z_t):
    """rho_a with the correction for the height of the temperature, kg m-3."""
    return p_s / (R_D * t_a * (1.0 + VIRTUAL * q_a) + GRAVITY * z_t)


@kernel
def gather_records(records, first, cell, held, before, after):
    """Records `first` and `first + 1` of (record, field, cell) on the columns of a block, each (field, column).

    Where `held` (field,), both hold the second record, so that the field is constant over the interval.
    """
    for k in range(after.shape[0]):
        start = first + 1 if held[k] else first
        for i in range(cell.shape[0]):
            before[k, i] = records[start, k, cell[i]]
            after[k, i] = records[first + 1, k, cell[i]]


@kernel
def mean_sun(place, suns, mean):
    """Mean over the steps of an interval (rows of `suns`) of max(0, cos Z*)."""
    for i in range(mean.shape[0]):
        mean[i] = 0.0
    for m in range(suns.shape[0]):
        sun = suns[m]
        for i in range(mean.shape[0]):
            mean[i] += shifted_sun_cosine(place, i, sun)
    for i in range(mean.shape[0]):
        mean[i] /= suns.shape[0]


@kernel
def interpolate(before, after, weight, sun, place, sun_mean, by_zenith, z_t, z_u, with_angle, weather):
    """Fill `weather` at the start of a step.

    `before` and `after` are records (field, column), `weight` the weight of `after`, `sun` the row of the
    step. Shortwave follows the sun inside the interval where `by_zenith`. The zenith angle itself is computed only
    `with_angle`.
    """
    for i in range(before.shape[1]):
        t_a = before[TAIR, i] + weight * (after[TAIR, i] - before[TAIR, i])
        q_a = before[QAIR, i] + weight * (after[QAIR, i] - before[QAIR, i])
        p_s = before[PSURF, i] + weight * (after[PSURF, i] - before[PSURF, i])
        east = before[WIND_E, i] + weight * (after[WIND_E, i] - before[WIND_E, i])
        north = before[WIND_N, i] + weight * (after[WIND_N, i] - before[WIND_N, i])
        co2 = before[CO2AIR, i] + weight * (after[CO2AIR, i] - before[CO2AIR, i])
        direct = before[SW_DIRECT, i] + weight * (after[SW_DIRECT, i] - before[SW_DIRECT, i])
        diffuse = before[SW_DIFFUSE, i] + weight * (after[SW_DIFFUSE, i] - before[SW_DIFFUSE, i])
        if by_zenith:
            shape = shifted_sun_cosine(place, i, sun)
            lit = sun_mean[i] >= SUN_MEAN_MIN
            share = shape / (sun_mean[i] if lit else 1.0) if lit else 0.0
            direct = min(after[SW_DIRECT, i] * share, SW_CAP * shape)
            diffuse = min(after[SW_DIFFUSE, i] * share, SW_CAP * shape)
        sw = direct + diffuse
        rho = air_density(t_a, q_a, p_s, z_t)
        exner_a = power((p_s - rho * GRAVITY * z_t) / P_00, EXNER_POWER)
        wind = np.sqrt(east * east + north * north)
        cosine = sun_cosine(place, i, sun)
        weather.t_a[i] = t_a
        weather.q_a[i] = q_a
        weather.p_s[i] = p_s
        weather.rain[i] = after[RAINF, i]
        weather.snow[i] = after[SNOWF, i]
        weather.sw[i] = sw
        weather.lw[i] = before[LWDOWN, i] + weight * (after[LWDOWN, i] - before[LWDOWN, i])
        weather.rho[i] = rho
        weather.co2[i] = co2 / rho
        weather.wind[i] = wind
        weather.wind_star[i] = max(wind, 0.1 * min(10.0, z_u))
        weather.exner_s[i] = power(p_s / P_00, EXNER_POWER)
        weather.exner_a[i] = exner_a
        weather.theta_va[i] = t_a / exner_a * (1.0 + VIRTUAL * q_a)
        weather.cos_zenith[i] = max(cosine, LOWEST_SUN) if sw > 0.0 else min(cosine, HORIZON)
    if with_angle:
        for i in range(before.shape[1]):
            weather.zenith[i] = np.arccos(min(1.0, max(-1.0, weather.cos_zenith[i])))
