"""Every number of the filter, with the defaults of the method document (§2)."""

from typing import Literal

from ldas.settings import Settings

Experiment = Literal["OL", "SSM", "LAI", "SSM_LAI"]


class AssimilationSettings(Settings):
    """Settings of the SEKF; `strict` follows the reference filter's quality control and bounds."""

    strict: bool = False
    update: Literal["window_end", "window_start"] = "window_end"
