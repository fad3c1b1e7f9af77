"""What all flows share: typed parameters, an open service a profile, retry rules of I/O tasks, run names."""

import os
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from prefect.runtime import flow_run
from pydantic import AfterValidator

from ldas.config import Profile, load_profile
from ldas.cycle import Service, open_service
from ldas.errors import TransientError


def _existing(path: str) -> str:
    load_profile(path)
    return path


ProfilePath = Annotated[str, AfterValidator(_existing)]
RETRY_PAUSES = [float(pause) for pause in os.environ.get("LDAS_RETRY_PAUSES", "10 60 300").split()]
"""Seconds before each further try of an I/O task."""


@lru_cache(maxsize=4)
def profile_of(path: str) -> Profile:
    return load_profile(path)


@lru_cache(maxsize=4)
def service_of(path: str) -> Service:
    """The open record and model of a profile, once a process."""
    return open_service(profile_of(path))


def utc(value: datetime | None) -> datetime:
    """`value` (naive means UTC) or now."""
    if value is None:
        return datetime.now(UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def is_transient(_task: Any, _run: Any, state: Any) -> bool:
    """Retry rule: only failures that may pass by themselves."""
    try:
        state.result()
    except TransientError:
        return True
    except Exception:  # noqa: BLE001  (any other failure is final; Prefect has recorded it)
        return False
    return False


def run_name() -> str:
    """`ales daily 2026-05-20T18`: domain, flow, and the date it runs up to, from or at, or else its scheduled one."""
    parameters = flow_run.parameters
    domain = Path(str(parameters["profile"])).stem
    given = (parameters.get(name) for name in ("until", "end", "since", "at", "year"))
    when = next((value for value in given if value), flow_run.scheduled_start_time)
    date = f"{when:%Y-%m-%dT%H}" if isinstance(when, datetime) else str(when)[:13]
    return f"{domain} {flow_run.flow_name} {date}"
