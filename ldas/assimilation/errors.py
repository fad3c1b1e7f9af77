"""Fixed diagonal error covariances of the background (B) and of the observations (R)."""

import numpy as np

from ldas.assimilation.settings import ErrorSettings


def background_variances(lai: np.ndarray, delta_w: np.ndarray, settings: ErrorSettings) -> np.ndarray:
    """Diagonal of B, (8, column): LAI in (m2 m-2)2, soil water in (m3 m-3)2 (§2.4).

    `lai` is the forecast at the end of the window, `delta_w` the wetness range, both (column,).
    """
    lai_deviation = np.where(
        lai >= settings.background_lai_threshold,
        settings.background_lai_relative * lai,
        settings.background_lai_absolute,
    )
    deep = np.broadcast_to(settings.background_deep * delta_w, (6, len(delta_w)))
    return np.concatenate([lai_deviation[None], settings.background_wg2 * delta_w[None], deep]) ** 2


def ssm_deviation(
    delta_w: np.ndarray,
    product_deviation: np.ndarray,
    inflation: np.ndarray,
    count: np.ndarray,
    settings: ErrorSettings,
) -> np.ndarray:
    """sigma_o of the rescaled SSM in m3 m-3, (cell,) (§2.5).

    `product_deviation` is the product's uncertainty times the rescaling slope (NaN where it gives none),
    `inflation` the factor of the rescaling fall-back and `count` the number of retrieved pixels (NaN if unknown).
    """
    deviation = settings.observation_ssm * delta_w
    if settings.ssm_error == "product":
        deviation = np.where(np.isnan(product_deviation), deviation, product_deviation)
    if settings.ssm_count_inflation > 0.0:
        known = np.isfinite(count) & (count > 0.0)
        deviation = deviation * np.sqrt(1.0 + settings.ssm_count_inflation / np.where(known, count, np.inf))
    return deviation * inflation


def lai_deviation(observed: np.ndarray, settings: ErrorSettings) -> np.ndarray:
    """sigma_o of LAI in m2 m-2, (cell,): a share of the observed value, with a floor for tiny ones (§2.5)."""
    deviation = settings.observation_lai * observed
    return np.where(
        observed < settings.observation_lai_guard, np.maximum(deviation, settings.observation_lai_floor), deviation
    )
