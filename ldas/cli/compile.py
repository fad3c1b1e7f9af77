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
    from ldas.model.forcing import Forcing
    from ldas.model.integrate import integrate
    from ldas.model.options import ModelOptions

    begin = time.perf_counter()
    options = ModelOptions()
    here = np.array([44.0])
    parameters = derive_parameters(np.array([10]), here, np.array([4.0]), np.array([0.4]), np.array([0.2]), options)

    def record(value: float) -> np.ndarray:
        return np.full((2, 1), value)

    forcing = Forcing(
        start=np.datetime64("2026-06-01T12"),
        interval=3600.0,
        tair=record(288.0),
        qair=record(0.007),
        wind_e=record(3.0),
        wind_n=record(0.0),
        psurf=record(1e5),
        rainf=record(0.0),
        snowf=record(0.0),
        sw_direct=record(300.0),
        sw_diffuse=record(0.0),
        lwdown=record(320.0),
        co2air=record(7.3e-4),
        cell=np.zeros(1, np.int64),
    )
    integrate(parameters, [cold_start(parameters, options)], forcing, options, steps=1)
    typer.echo(f"kernels compiled in {time.perf_counter() - begin:.0f} s")
