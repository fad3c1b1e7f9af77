"""`ldas site`: the four experiments at Bondville on measured weather, LAI and soil moisture."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("site")(site_command)


def site_command(
    forcing: Path,
    observations: Path,
    out: Annotated[Path, typer.Option(help="Folder for series.nc, scores.csv and series.png.")] = Path("site-output"),
    passes: Annotated[int, typer.Option(min=0, help="Times the year is run before the experiments.")] = 3,
) -> None:
    """Run OL, SSM, LAI and SSM+LAI at Bondville, Illinois, in 2001 on the public HRLDAS site files.

    FORCING is bondville.dat of 2001, OBSERVATIONS is Bondville_obs_2001.dat.
    """
    from rich.progress import Progress

    from ldas.examples.site import BONDVILLE, run_site
    from ldas.examples.site_report import plot, score_table
    from ldas.forcing.bondville import read_forcing, read_observations
    from ldas.model.options import ModelOptions

    weather, observed = read_forcing(forcing), read_observations(observations)
    with Progress() as bars:
        tasks = {}

        def show(name: str, share: float) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=1.0)
            bars.update(tasks[name], completed=share)

        series = run_site(BONDVILLE, weather, observed, ModelOptions(), passes, show)
    out.mkdir(parents=True, exist_ok=True)
    series.to_netcdf(out / "series.nc")
    table = score_table(series)
    table.to_csv(out / "scores.csv", index=False)
    plot(series).savefig(out / "series.png", dpi=110)
    typer.echo(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    typer.echo(f"{out}: series.nc, scores.csv, series.png")
