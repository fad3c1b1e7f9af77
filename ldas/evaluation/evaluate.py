"""The evaluation of a domain: scores at stations, contrasts, maps, and the report that shows them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
import xarray as xr

from ldas.evaluation import figures
from ldas.evaluation.experiments import OPEN_LOOP, Experiments
from ldas.evaluation.ismn_reader import StationSeries
from ldas.evaluation.maps import month_changes, observation_agreement, relation, years_with
from ldas.evaluation.published import compare
from ldas.evaluation.stations import collocate, contrast_scores, contrasts, score_pairs, station_pairs

MOST_STATION_FIGURES = 6


@dataclass(frozen=True)
class Drawing:
    """One figure of the report: `image` is a `data:` address."""

    title: str
    caption: str
    image: str


@dataclass
class Evaluation:
    """Tables, maps and figures; `notes` say what was left out and why."""

    input_origin: str
    experiments: list[str]
    period: tuple[pd.Timestamp, pd.Timestamp]
    station_scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    contrasts: pd.DataFrame = field(default_factory=pd.DataFrame)
    contrast_scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    comparison: pd.DataFrame = field(default_factory=pd.DataFrame)
    maps: xr.Dataset = field(default_factory=xr.Dataset)
    drawings: list[Drawing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def draw(self, title: str, caption: str, figure: figures.Figure) -> None:
        self.drawings.append(Drawing(title, caption, figures.embedded(figure)))


def evaluate(
    experiments: Experiments,
    surface: Sequence[StationSeries],
    root_zone: Sequence[StationSeries] = (),
    soil_temperature: Sequence[StationSeries] = (),
    month: int = 7,
    tolerance: pd.Timedelta | None = None,
) -> Evaluation:
    """Everything of evaluation document §5 that the series allow.

    `surface` are stations near 5 cm, `root_zone` near 30 cm, `soil_temperature` near 5 cm; `month` is that of the
    year-to-year maps; `tolerance` takes the in situ mean around the hour of the analysis instead of its value there.
    """
    times = pd.DatetimeIndex(experiments.open_loop.indexes["time"])
    evaluation = Evaluation(experiments.input_origin, list(experiments.series), (times[0], times[-1]))
    _stations(evaluation, experiments, surface, soil_temperature, tolerance)
    _contrasts(evaluation, experiments, root_zone, int(times[0].year))
    _year_maps(evaluation, experiments, month)
    _observation_maps(evaluation, experiments)
    evaluation.comparison = compare(
        evaluation.station_scores, evaluation.contrast_scores, evaluation.maps, evaluation.input_origin
    )
    return evaluation


def _stations(
    evaluation: Evaluation,
    experiments: Experiments,
    surface: Sequence[StationSeries],
    soil_temperature: Sequence[StationSeries],
    tolerance: pd.Timedelta | None,
) -> None:
    sites, outside = collocate(surface, experiments)
    if outside:
        evaluation.notes.append(f"{len(outside)} stations are outside the domain or its land: {', '.join(outside)}.")
    frost = {series.name: series for series in soil_temperature}
    without = [site.station.name for site in sites if site.station.name not in frost]
    if without:
        evaluation.notes.append(f"No soil temperature, so frozen pairs are kept: {', '.join(without)}.")
    rows: list[dict[str, object]] = []
    for number, site in enumerate(sites):
        pairs = station_pairs(site, experiments, "wg2", frost.get(site.station.name), tolerance)
        rows += score_pairs(pairs, site, "wg2")
        if number < MOST_STATION_FIGURES:
            label = figures.LABELS["wg2"]
            evaluation.draw(
                f"Time series at {site.station.name} (as Figure 5)",
                f"{site.distance:.2f} km from the cell's centre; S1 is rescaled to the model, S1 raw is not.",
                figures.time_series(pairs, site.station.name, label),
            )
            evaluation.draw(
                f"Seasons at {site.station.name} (as Figure 6)",
                "Every series against in situ.",
                figures.seasonal_scatter(pairs, site.station.name),
            )
    evaluation.station_scores = pd.DataFrame(rows, columns=_score_columns(rows))
    if len(sites) > MOST_STATION_FIGURES:
        evaluation.notes.append(f"Figures of the first {MOST_STATION_FIGURES} of {len(sites)} stations are shown.")
    if len(evaluation.station_scores) and evaluation.station_scores["r"].notna().any():
        evaluation.draw(
            "R of the stations by season", "Box plots over stations.", figures.station_boxes(evaluation.station_scores)
        )
    if not sites:
        evaluation.notes.append("No station in the domain: no scores against in situ.")


def _score_columns(rows: list[dict[str, object]]) -> list[str]:
    """Columns in order, the same ones when there is no row."""
    known = ("network", "station", "latitude", "longitude", "variable", "evaluated", "reference", "season", "hour")
    numbers = ("n", "r", "ubrmsd", "rmsd", "bias", "p_value")
    return list(dict.fromkeys([*known, *numbers, *(key for row in rows for key in row)]))


def _contrasts(
    evaluation: Evaluation, experiments: Experiments, stations: Sequence[StationSeries], reference_year: int
) -> None:
    sites, _ = collocate(stations, experiments)
    table = contrasts(sites, experiments, reference_year)
    evaluation.contrasts, evaluation.contrast_scores = table, contrast_scores(table)
    if not len(table):
        evaluation.notes.append("No monthly contrasts: they need root-zone stations and two years with 20 common days.")
        return
    evaluation.draw(
        "Relative monthly anomalies at 0.3 m (as Figure 7)",
        f"Eq. 2 against {reference_year}: one year is a contrast, not a climatology.",
        figures.contrast_scatter(table, evaluation.contrast_scores),
    )


def _year_maps(evaluation: Evaluation, experiments: Experiments, month: int) -> None:
    years = years_with(experiments, month)
    if len(years) < 2:
        evaluation.notes.append(
            f"No year-to-year maps: month {month} of {len(years)} year(s) is there, two are needed."
        )
        return
    first, second = years[-2:]
    maps = month_changes(experiments, first, second, month)
    evaluation.maps = evaluation.maps.merge(maps).assign_attrs(maps.attrs)
    period = f"month {month} of {second} minus {first}"
    names = experiments.analyses
    for field_name in ("wg5", "lai"):
        changes = {f"change_{field_name}_{name}": name for name in (OPEN_LOOP, *names)}
        evolutions = {f"evolution_{field_name}_{name}": name for name in names}
        label = figures.LABELS[field_name]
        evaluation.draw(
            f"Change of {label} (as Figure 8)", f"Mean of {period}.", figures.map_panels(maps, changes, label)
        )
        evaluation.draw(
            f"What the analysis added to it (as Figures 9 and 10): {label}",
            f"Analysis minus open loop, {period}; red: the analysis added more in {second}.",
            figures.map_panels(maps, evolutions, label),
        )
    relations = {name: relation(maps, name) for name in names}
    evaluation.draw(
        "LAI against soil moisture (as Figure 11)", period, figures.relation_scatter(maps, names, relations)
    )


def _observation_maps(evaluation: Evaluation, experiments: Experiments) -> None:
    if "ssm_observed" not in experiments.observed:
        evaluation.notes.append("No observed surface soil moisture in the experiments: no maps as Figures 12 and 13.")
        return
    maps = observation_agreement(experiments)
    panels = {"OL": "S1 rescaled to the model"}
    if "ssm_retrieved" in experiments.observed:
        raw = observation_agreement(experiments, "ssm_retrieved")
        maps = maps.merge(raw.rename({name: f"{name}_raw" for name in raw.data_vars}))
        panels["OL_raw"] = "S1 as retrieved"
    evaluation.maps = evaluation.maps.merge(maps)
    if not maps["r_OL"].notnull().any():
        evaluation.notes.append("No cell has 30 observations: no maps as Figures 12 and 13.")
        return
    note = "NaN below 30 pairs. A test of consistency, not a validation."
    for score, label in (("r", "R"), ("ubrmsd", "ubRMSD (m³ m⁻³)")):
        shown = {f"{score}_{name}": title for name, title in panels.items()}
        evaluation.draw(
            f"{label} of S1 and open loop (as Figure 12)", note, figures.map_panels(maps, shown, label, False)
        )
    for score, label in (("r", "change of R"), ("ubrmsd", "change of ubRMSD (m³ m⁻³)")):
        gains = {f"{score}_{name}": name for name in experiments.analyses}
        better = "above" if score == "r" else "below"
        evaluation.draw(
            f"{label} by assimilation (as Figures 12 and 13)",
            f"S1 rescaled; analysis minus open loop; better is {better} zero.",
            figures.map_panels(maps, gains, label),
        )
