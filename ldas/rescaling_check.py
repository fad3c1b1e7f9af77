"""Is the rescaling of SSM that a record uses still right? Its drift, and what a fit from all pairs so far would change.

The check changes nothing: parameters are made by the cycle itself on its due dates and versioned by the date of the
fit, so that a replay makes the same ones again.
"""

from dataclasses import dataclass

import numpy as np

from ldas.assimilation.rescaling import Method, RescalingParameters
from ldas.cycle import Service
from ldas.errors import ValidationError
from ldas.seasonal import refit


@dataclass(frozen=True)
class RescalingCheck:
    """What was found about the parameters in force."""

    version: str
    """Date of their fit, YYYYMMDD; `none` before the first."""
    drift: float
    """Mean of rescaled SSM minus the open loop over the last `drift_days`, m3 m-3; NaN without a pair."""
    drift_alarm: bool
    in_force: dict[str, int]
    """Cells and dekads by the method their parameters were found with."""
    refitted: dict[str, int]
    """The same for a fit from all pairs up to now."""
    mean_change: float
    """Mean absolute change of rescaled SSM at its mean that the fit would make, m3 m-3; NaN where nothing compares."""
    greatest_change: float

    def rows(self) -> list[dict[str, str]]:
        """A table: one row a method, then one a figure."""
        methods = [
            {
                "what": f"cells and dekads, {method.name.lower().replace('_', ' ')}",
                "in force": str(self.in_force[method.name]),
                "fitted now": str(self.refitted[method.name]),
            }
            for method in Method
        ]
        figures = [
            {"what": "version", "in force": self.version, "fitted now": ""},
            {"what": "drift, m3 m-3", "in force": f"{self.drift:+.4f}", "fitted now": ""},
            {"what": "mean change of SSM, m3 m-3", "in force": "", "fitted now": f"{self.mean_change:.4f}"},
            {"what": "greatest change of SSM, m3 m-3", "in force": "", "fitted now": f"{self.greatest_change:.4f}"},
        ]
        return [*figures, *methods]

    def require(self) -> None:
        """Raise ValidationError when the rescaled SSM has drifted from the open loop beyond `drift_limit`."""
        if self.drift_alarm:
            raise ValidationError(
                f"rescaling {self.version}: expected a drift within the limit, got {self.drift:+.4f} m3 m-3; see the "
                "runbook, section drift"
            )


def check_rescaling(service: Service) -> RescalingCheck:
    """Compare the parameters in force with a fit from all pairs of the record, and read the newest cycle's drift.

    Raises ValidationError for a record without a cycle: nothing could be measured.
    """
    record = service.record
    cycles = record.cycles()
    if not cycles:
        raise ValidationError(f"{record.settings.uri}: expected at least one cycle to check, got none")
    snapshot, summary = record.load(), cycles[-1].summary
    settings = service.profile.assimilation.rescaling
    now = refit(snapshot.moments, settings, record.domain, snapshot.time, record.identity["configuration"])
    change = _change(snapshot.rescaling, now)
    drift = summary.get("ssm_drift")
    return RescalingCheck(
        version=snapshot.rescaling.version,
        drift=float("nan") if drift is None else float(drift),
        drift_alarm=bool(summary.get("ssm_drift_alarm")),
        in_force=_count(snapshot.rescaling.method),
        refitted=_count(now.method),
        mean_change=float(change.mean()) if change.size else float("nan"),
        greatest_change=float(change.max()) if change.size else float("nan"),
    )


def _change(before: RescalingParameters, now: RescalingParameters) -> np.ndarray:
    """Absolute change of SSM' at the mean observation, of the cells and dekads that both can rescale."""
    both = (before.method < Method.RANGE) & (now.method < Method.RANGE)
    difference = now.intercept - before.intercept + (now.slope - before.slope) * now.mean_observed
    return np.abs(difference[both])


def _count(methods: np.ndarray) -> dict[str, int]:
    return {method.name: int((methods == method).sum()) for method in Method}
