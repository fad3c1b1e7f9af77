"""Saturation vapour pressure and humidity over water (T > T_t) and ice (energy document §2.4)."""

from math import log as scalar_log

from ldas.model.constants import C_I, C_L, C_PV, E_T, L_S, L_V, R_D, R_V, T_T
from ldas.model.fastmath import exp, log
from ldas.model.kernel import helper

EPSILON_R = R_D / R_V


def _coefficients(heat_capacity: float, latent_heat: float) -> tuple[float, float, float]:
    """(A, B, G) of e_sat = exp(A - B/T - G ln T)."""
    g = (heat_capacity - C_PV) / R_V
    b = latent_heat / R_V + g * T_T
    return scalar_log(E_T) + b / T_T + g * scalar_log(T_T), b, g


A_WATER, B_WATER, G_WATER = _coefficients(C_L, L_V)
A_ICE, B_ICE, G_ICE = _coefficients(C_I, L_S)


@helper
def saturation_pressure(t):
    """e_sat(T), Pa."""
    wet = t > T_T
    a = A_WATER if wet else A_ICE
    b = B_WATER if wet else B_ICE
    g = G_WATER if wet else G_ICE
    return exp(a - b / t - g * log(t))


@helper
def saturation_humidity(t, pressure):
    """q_sat(T, p), kg kg-1."""
    ratio = saturation_pressure(t) / pressure
    return EPSILON_R * ratio / (1.0 + (EPSILON_R - 1.0) * ratio)


@helper
def saturation_humidity_slope(t, pressure):
    """(q_sat, dq_sat/dT) at T and p, kg kg-1 and kg kg-1 K-1."""
    wet = t > T_T
    a = A_WATER if wet else A_ICE
    b = B_WATER if wet else B_ICE
    g = G_WATER if wet else G_ICE
    per_t = 1.0 / t
    ratio = exp(a - b * per_t - g * log(t)) / pressure
    inverse = 1.0 / (1.0 + (EPSILON_R - 1.0) * ratio)
    q = EPSILON_R * ratio * inverse
    return q, (b * per_t - g) * per_t * q * inverse
