"""Global and per-layer attributes that say where a publication comes from (CF-1.11, ACDD)."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from ldas import __version__
from ldas.dekads import Dekad
from ldas.products.climatology import reference_years
from ldas.products.drought import QUANTILES
from ldas.products.settings import DroughtSettings, PublicationSettings
from ldas.products.source import Source


def global_attributes(source: Source, settings: PublicationSettings, subject: str, now: datetime) -> dict[str, Any]:
    """Attributes of a store, without its time coverage."""
    last = source.cycles[-1]
    forcing = sorted({str(entry.get("source", "not stated")) for cycle in source.cycles for entry in cycle.forcing})
    observed = sorted({_product(entry) for cycle in source.cycles for entry in cycle.observations})
    half = source.grid.resolution / 2
    return {
        "Conventions": "CF-1.11",
        "title": f"{settings.title}: {subject} ({source.name})",
        "institution": settings.institution,
        "source": f"ldas {__version__}: ISBA-A-gs land surface model, simplified extended Kalman filter",
        "history": f"{now:%Y-%m-%dT%H:%M:%SZ} published from the record by ldas {__version__}",
        "references": settings.references,
        "license": settings.licence,
        "experiment": source.experiment.replace("_", "+"),
        "forcing": ", ".join(forcing) or "not stated",
        "observations": ", ".join(observed) or "none",
        "rescaling_version": last.rescaling_version,
        "climatology_version": source.identity,
        "configuration": last.configuration,
        "product_status": product_status(source.days[-1], settings),
        "comment": "values are means over the natural tile (towns and water left out) at the end of a 24 h window",
        "geospatial_lat_min": float(source.grid.lat.min() - half),
        "geospatial_lat_max": float(source.grid.lat.max() + half),
        "geospatial_lon_min": float(source.grid.lon.min() - half),
        "geospatial_lon_max": float(source.grid.lon.max() + half),
        "time_coverage_start": f"{source.times[0] - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
        "time_coverage_end": f"{source.times[-1]:%Y-%m-%dT%H:%M:%SZ}",
    }


def product_status(last_day: date, settings: PublicationSettings) -> str:
    """Which days may still change when a late observation arrives."""
    consolidated = last_day - timedelta(days=settings.consolidation_days)
    return f"consolidated up to {consolidated:%Y-%m-%d}, near-real-time after"


def anomaly_attributes(source: Source, settings: DroughtSettings, dekad: Dekad | None) -> dict[str, dict[str, Any]]:
    """Reference of the anomalies of the newest dekad, by variable (§6.5)."""
    years = [] if dekad is None else reference_years(dekad, settings.baseline, sorted({d.year for d in source.days}))
    reference = {
        "reference_period": f"{years[0]}-{years[-1]}" if years else "none",
        "reference_years": len(years),
        "reference_rule": "fixed baseline" if settings.baseline else "all years before the evaluated one",
        "climatology_version": source.identity,
        "leave_one_out": "true",
    }
    z = reference | {
        "window_days": 10,
        "short_record_window_days": 10 * (2 * settings.short_record_half_window + 1),
    }
    percentile = reference | {"window_days": 10 * (2 * settings.percentile_half_window + 1)}
    support = "climatology_n_years confidence anomaly_mask"
    found = {
        f"{name}_zscore": z | {"ancillary_variables": f"{name}_zscore_se {support}"} for name in ("ssm", "rzsm", "lai")
    }
    found |= {f"{name}_percentile": percentile | {"ancillary_variables": support} for name in ("ssm", "rzsm")}
    found |= {f"{name}_reference_{moment}": z for name in ("ssm", "rzsm", "lai") for moment in ("mean", "deviation")}
    found |= {f"rzsm_quantile_{percent}": percentile for percent in QUANTILES}
    return found | {
        "drought_class": {"ancillary_variables": f"rzsm_percentile {support}"},
        "moisture_class": {"ancillary_variables": f"rzsm_zscore {support}"},
    }


def _product(entry: dict[str, Any]) -> str:
    """Product and version of a granule, as stated in its provenance."""
    parts = [str(entry[key]) for key in ("product", "version") if entry.get(key)]
    return " ".join(parts) or "not stated"


def day_bounds(hours: np.ndarray) -> np.ndarray:
    """[t0, t1] of the windows that end at `hours`."""
    return np.stack([hours - 24, hours], axis=1)
