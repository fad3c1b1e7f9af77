"""`ldas evaluate`: scores against stations and between experiments, with a report."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("evaluate")(evaluate)


def evaluate(
    profile: Path,
    ismn: Annotated[Path, typer.Option(help="folder or zip file of an ISMN archive")],
    output: Annotated[Path, typer.Option(help="folder of the report and its tables")] = Path("evaluation"),
    experiment: Annotated[
        list[str] | None, typer.Option(help="NAME=ADDRESS of a published analysis to compare with; repeatable")
    ] = None,
    month: Annotated[int, typer.Option(min=1, max=12, help="month of the year-to-year maps")] = 7,
    tolerance_hours: Annotated[
        float, typer.Option(min=0, help="in situ mean within this many hours of the analysis; 0 takes the value there")
    ] = 0.0,
    flags: Annotated[str, typer.Option(help="ISMN flags that are accepted, separated by commas")] = "G",
    input_origin: Annotated[str, typer.Option("--input", help="what the experiments were made from")] = "",
) -> None:
    """Score the profile's analysis and open loop, and further experiments, against ISMN stations."""
    import pandas as pd
    import xarray as xr

    from ldas.config import load_profile
    from ldas.errors import ConfigurationError
    from ldas.evaluation.evaluate import evaluate as evaluate_experiments
    from ldas.evaluation.experiments import gather_experiments
    from ldas.evaluation.ismn_reader import read_archive, read_optional
    from ldas.evaluation.report import write_report
    from ldas.record import Record
    from ldas.remote import open_dataset, reading

    settings = load_profile(profile)
    accepted = tuple(flags.split(","))
    surface = read_archive(ismn, flags=accepted)
    for name in surface.skipped:
        typer.echo(f"skipped a malformed file: {name}", err=True)

    record = Record.open(settings.record)
    retrieved = record.open_diagnostics()["ssm_retrieved"]
    datasets: dict[str, xr.Dataset] = {settings.experiment: record.open_analysis().assign(ssm_retrieved=retrieved)}
    for item in experiment or []:
        name, separator, uri = item.partition("=")
        if not separator or not name or name in datasets:
            raise ConfigurationError(f"--experiment {item}: expected NAME=ADDRESS with a name not used before")
        with reading(uri):
            datasets[name] = open_dataset(uri, settings.publication.endpoint_url)
    origin = input_origin or str(next(iter(datasets.values())).attrs.get("forcing", "")) or settings.forcing.uri
    evaluation = evaluate_experiments(
        gather_experiments(datasets, origin or "not stated"),
        surface.series,
        read_optional(ismn, "soil_moisture", 0.30, accepted),
        read_optional(ismn, "soil_temperature", 0.05, accepted),
        month,
        pd.Timedelta(hours=tolerance_hours) if tolerance_hours else None,
    )
    page = write_report(evaluation, output)
    typer.echo(f"{len(evaluation.station_scores)} scores, {len(evaluation.drawings)} figures: {page}")
