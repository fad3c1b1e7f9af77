"""`ldas compile`: compile the model's kernels into the cache now, so that the first cycle need not."""

import time

import numpy as np
import typer


def register(app: typer.Typer) -> None:
    app.command("compile")(compile_command)


def compile_command() -> None:
    """Compile the model's kernels into numba's cache (at image build, or before a timing)."""
    from ldas.model.cold_start import cold_start
    from ldas.model.derive import derive_parameters
    from ldas.model.forcing import FIELDS, Forcing
    from ldas.model.integrate import integrate
    from ldas.model.options import ModelOptions

    begin = time.perf_counter()
    options = ModelOptions()
    here = np.array([44.0])
    parameters = derive_parameters(np.array([10]), here, np.array([4.0]), np.array([0.4]), np.array([0.2]), options)
    weather = dict(zip(FIELDS, (288.0, 0.007, 3.0, 0.0, 1e5, 0.0, 0.0, 300.0, 0.0, 320.0, 7.3e-4), strict=True))
    records = {name: np.full((2, 1), value) for name, value in weather.items()}
    forcing = Forcing(start=np.datetime64("2026-06-01T12"), interval=3600.0, cell=np.zeros(1, np.int64), **records)
    integrate(parameters, [cold_start(parameters, options)], forcing, options, steps=1)
    typer.echo(f"kernels compiled in {time.perf_counter() - begin:.0f} s")
