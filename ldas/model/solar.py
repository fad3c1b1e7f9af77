"""Position of the sun (vegetation document §5.5): one row a step, so that a column needs no trigonometry."""

import numpy as np

SUN_COLUMNS = 4  # sine and cosine of the declination, cosine and sine of the hour angle at longitude 0


def sun_positions(times: np.ndarray) -> np.ndarray:
    """(time, 4) rows of the sun at UTC `times` (datetime64): sin and cos of declination, cos and sin of hour angle.

    The cosine of the zenith angle at latitude φ and longitude λ is
    sin φ · row[0] + cos φ · row[1] · (row[2] cos λ − row[3] sin λ).
    """
    times = times.astype("datetime64[ms]")
    year = times.astype("datetime64[Y]")
    days = (times - year) / np.timedelta64(1, "D")
    next_year = year + np.timedelta64(1, "Y")
    year_length = (next_year.astype("datetime64[D]") - year.astype("datetime64[D]")) / np.timedelta64(1, "D")
    hours = 24.0 * (days - np.floor(days))
    zeta = 2.0 * np.pi * days / year_length
    declination = (
        0.006918
        - 0.399912 * np.cos(zeta)
        + 0.070257 * np.sin(zeta)
        - 0.006758 * np.cos(2.0 * zeta)
        + 0.000907 * np.sin(2.0 * zeta)
        - 0.002697 * np.cos(3.0 * zeta)
        + 0.00148 * np.sin(3.0 * zeta)
    )
    equation_of_time = (
        7.67825 * np.sin(np.deg2rad(1.00554 * days - 6.28306))
        + 10.09176 * np.sin(np.deg2rad(1.93946 * days + 23.35089))
    ) / 60.0
    hour_angle = np.deg2rad(15.0 * (hours - equation_of_time - 12.0))
    return np.stack([np.sin(declination), np.cos(declination), np.cos(hour_angle), np.sin(hour_angle)], axis=-1)
