"""Experiments at stations: collocation, scores by season and hour, monthly contrasts."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import xarray as xr

from ldas.evaluation.experiments import OPEN_LOOP, Experiments
from ldas.evaluation.ismn_reader import StationSeries
from ldas.evaluation.scores import change_of_rmsd, gain_in_correlation, scores
from ldas.evaluation.stratify import SEASONS, at_times, in_season, monthly_contrasts, without_frost

OBSERVED = "S1"
RETRIEVED = "S1 raw"
IN_SITU = "in situ"


@dataclass(frozen=True)
class Site:
    """A station in a cell of the domain that has land."""

    station: StationSeries
    row: int
    col: int
    distance: float  # km from the station to the cell's centre

    def series(self, field: xr.DataArray) -> np.ndarray:
        """The cell's values (time,)."""
        return field.values[:, self.row, self.col]


def collocate(stations: Iterable[StationSeries], experiments: Experiments) -> tuple[list[Site], list[str]]:
    """(sites, names of stations outside the domain or in a cell without land): nearest cell to each station."""
    lat, lon = experiments.open_loop["lat"].values, experiments.open_loop["lon"].values
    half = 0.5 * (abs(float(lat[0] - lat[-1])) / max(len(lat) - 1, 1) or 0.01) + 1e-6
    sites, outside = [], []
    for station in stations:
        row, col = int(np.abs(lat - station.latitude).argmin()), int(np.abs(lon - station.longitude).argmin())
        north, east = lat[row] - station.latitude, lon[col] - station.longitude
        land = np.isfinite(experiments.open_loop["wg2"].values[:, row, col]).any()
        if max(abs(north), abs(east)) > half or not land:
            outside.append(station.name)
            continue
        distance = 111.195 * float(np.hypot(north, east * np.cos(np.radians(station.latitude))))
        sites.append(Site(station, row, col, distance))
    return sites, outside


def station_pairs(
    site: Site,
    experiments: Experiments,
    field: str,
    soil_temperature: StationSeries | None = None,
    tolerance: pd.Timedelta | None = None,
) -> pd.DataFrame:
    """Series at one site on the experiments' times: `in situ`, `OL`, each analysis and, for wg2, the observation
    rescaled to the model, `S1`, and as the product gives it, `S1 raw`.

    In situ values of a frozen soil (below 4 degrees Celsius at 5 cm) are left out.
    """
    times = experiments.open_loop.indexes["time"]
    values = at_times(site.station.values, pd.DatetimeIndex(times), tolerance)
    if soil_temperature is not None:
        values = without_frost(values, at_times(soil_temperature.values, pd.DatetimeIndex(times), tolerance))
    columns = {IN_SITU: values}
    columns |= {name: site.series(dataset[field]) for name, dataset in experiments.series.items()}
    for name, observed in ((OBSERVED, "ssm_observed"), (RETRIEVED, "ssm_retrieved")):
        if field == "wg2" and observed in experiments.observed:
            columns[name] = site.series(experiments.observed[observed])
    return pd.DataFrame(columns, index=pd.DatetimeIndex(times))


def score_pairs(pairs: pd.DataFrame, site: Site, field: str) -> list[dict[str, object]]:
    """One row a comparison, season and hour: every series against in situ, and S1 against OL (the paper's Table 2).

    Analyses carry their gain over the open loop, `nic_r` and `n_rmsd`, %.
    """
    times = pd.DatetimeIndex(pairs.index)
    comparisons = [(name, IN_SITU) for name in pairs.columns if name != IN_SITU]
    comparisons += [(name, OPEN_LOOP) for name in (OBSERVED, RETRIEVED) if name in pairs]
    rows: list[dict[str, object]] = []
    for hour in sorted(set(times.hour)):
        for season in ("all", *SEASONS):
            chosen = pairs[(times.hour == hour) & in_season(times, season)]
            against = scores(chosen[IN_SITU].to_numpy(), chosen[OPEN_LOOP].to_numpy())
            for evaluated, reference in comparisons:
                found = scores(chosen[reference].to_numpy(), chosen[evaluated].to_numpy())
                row: dict[str, object] = {
                    "network": site.station.network,
                    "station": site.station.station,
                    "latitude": site.station.latitude,
                    "longitude": site.station.longitude,
                    "depth": site.station.depth_to,
                    "distance_km": round(site.distance, 3),
                    "variable": field,
                    "evaluated": evaluated,
                    "reference": reference,
                    "season": season,
                    "hour": int(hour),
                    **asdict(found),
                }
                if reference == IN_SITU and evaluated not in (OPEN_LOOP, OBSERVED, RETRIEVED):
                    row["nic_r"] = gain_in_correlation(found.r, against.r)
                    row["n_rmsd"] = change_of_rmsd(found.rmsd, against.rmsd)
                rows.append(row)
    return rows


def gain_classes(table: pd.DataFrame, limit: float = 3.0) -> pd.DataFrame:
    """Stations whose R and RMSD an analysis betters, keeps or worsens by more than `limit` %, over all seasons."""
    chosen = table[(table["season"] == "all") & (table["reference"] == IN_SITU)]
    rows = []
    for score, better in (("nic_r", 1.0), ("n_rmsd", -1.0)):
        if score not in chosen:
            continue
        for name, gains in chosen.dropna(subset=[score]).groupby("evaluated", sort=False)[score]:
            signed = better * gains
            counts = {"better": signed > limit, "neutral": signed.abs() <= limit, "worse": signed < -limit}
            rows.append({"experiment": name, "score": score, **{key: int(hit.sum()) for key, hit in counts.items()}})
    return pd.DataFrame(rows, columns=["experiment", "score", "better", "neutral", "worse"])


def contrasts(sites: list[Site], experiments: Experiments, reference_year: int) -> pd.DataFrame:
    """Relative monthly anomalies (Eq. 2) of WG5 and in situ root-zone moisture for every experiment, one row each."""
    times = pd.DatetimeIndex(experiments.open_loop.indexes["time"])
    tables = []
    for site in sites:
        days = pd.DatetimeIndex(site.station.values.index).floor("D")
        station = site.station.values.groupby(days).mean()
        for name, dataset in experiments.series.items():
            model = pd.Series(site.series(dataset["wg5"]), index=times.floor("D"))
            table = monthly_contrasts(station, model, reference_year)
            tables.append(table.assign(station=site.station.name, experiment=name))
    columns = ["station", "experiment", "year", "month", "reference", "evaluated"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def contrast_scores(table: pd.DataFrame) -> pd.DataFrame:
    """R, RMSD, MB over (station × month) of every experiment and year, and over all years (year 0)."""
    rows = []
    for name, of_experiment in table.groupby("experiment", sort=False):
        for year, chosen in [(0, of_experiment), *of_experiment.groupby("year")]:
            found = scores(chosen["reference"].to_numpy(), chosen["evaluated"].to_numpy())
            rows.append({"experiment": name, "year": int(year), **asdict(found)})
    return pd.DataFrame(rows)
