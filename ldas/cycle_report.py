"""What an operator reads of a cycle: a page in Markdown and a table, made from its provenance alone."""

from collections.abc import Sequence

from ldas.record.contents import Provenance

Number = float | int | bool | None


def cycle_name(domain: str, cycle: Provenance) -> str:
    """`ales 2026-05-20`: the domain and the date of the window's end."""
    return f"{domain} {cycle.time:%Y-%m-%d}"


def cycle_markdown(domain: str, cycle: Provenance, links: dict[str, str]) -> str:
    """One cycle as a Markdown page: state, counts, innovations, what was used, degradation, times and links."""
    summary = cycle.summary
    degraded = [f"* {sentence}" for sentence in cycle.degraded] or ["none"]
    used = [
        f"* {granule['id']} (version {granule['version']}, revision {granule['revision']})"
        for granule in cycle.observations
    ] or ["none"]
    weather = [
        f"* {entry['source']}, {entry['first']} to {entry['last']}"
        + (", **fall-back run**" if entry["fallback"] else "")
        for entry in cycle.forcing
    ]
    rows = [
        "| | SSM | LAI |",
        "|---|---|---|",
        _row("observations offered", summary, "offered", ".0f"),
        _row("assimilated", summary, "used", ".0f"),
        _row("rejected share", summary, "rejected_share", ".1%"),
        _row("mean innovation", summary, "mean_innovation", "+.4f"),
        _row("expected spread", summary, "mean_spread", ".4f"),
        _row("mean residual", summary, "mean_residual", "+.4f"),
        _row("degrees of freedom for signal", summary, "degrees_of_freedom", ".1f"),
        _row("sliding month: observations", summary, "month_n", ".0f"),
        _row("sliding month: mean innovation", summary, "month_mean_innovation", "+.4f"),
        _row("sliding month: χ² (wanted 1)", summary, "month_chi_square", ".2f"),
        _row("sliding month: Desroziers ratio of R (wanted 1)", summary, "month_desroziers_r", ".2f"),
        _row("sliding month: Desroziers ratio of B (wanted 1)", summary, "month_desroziers_b", ".2f"),
    ]
    seconds = ", ".join(f"{step} {value:.1f} s" for step, value in cycle.seconds.items())
    lines = [
        f"# {cycle_name(domain, cycle)}",
        f"Window ending {cycle.time:%Y-%m-%d %H:%M} UTC; water added "
        f"{_text(summary.get('mean_water_added'), '+.3f')} kg m⁻², mean χ² "
        f"{_text(summary.get('mean_chi_square'), '.2f')}, rescaling {cycle.rescaling_version}.",
        "",
        f"Mean standard deviations: background WG2 {_text(summary.get('background_wg2'), '.3f')}, deeper "
        f"{_text(summary.get('background_deep'), '.3f')}, observed SSM {_text(summary.get('observation_ssm'), '.3f')} "
        f"m³ m⁻³; rolling mean of rescaled SSM minus open loop {_text(summary.get('ssm_drift'), '+.3f')} m³ m⁻³"
        + (" **(drifts)**." if summary.get("ssm_drift_alarm") else "."),
        "",
        *rows,
        "",
        "**Degradation**",
        "",
        *degraded,
        "",
        "**Granules**",
        "",
        *used,
        "",
        "**Weather**",
        "",
        *weather,
        "",
        f"Times: {seconds}.",
    ]
    if links:
        lines += ["", " · ".join(f"[{name}]({address})" for name, address in links.items())]
    return "\n".join(lines)


def cycle_rows(cycles: Sequence[Provenance]) -> list[dict[str, str]]:
    """A table, one row a cycle, newest first."""
    return [
        {
            "cycle": f"{cycle.time:%Y-%m-%d}",
            "SSM used": _text(cycle.summary.get("ssm_used"), ".0f"),
            "LAI used": _text(cycle.summary.get("lai_used"), ".0f"),
            "SSM innovation": _text(cycle.summary.get("ssm_mean_innovation"), "+.4f"),
            "LAI innovation": _text(cycle.summary.get("lai_mean_innovation"), "+.3f"),
            "water added kg m⁻²": _text(cycle.summary.get("mean_water_added"), "+.3f"),
            "χ²": _text(cycle.summary.get("mean_chi_square"), ".2f"),
            "degraded": "; ".join(cycle.degraded),
        }
        for cycle in reversed(cycles)
    ]


def _row(label: str, summary: dict[str, Number], key: str, form: str) -> str:
    return f"| {label} | {_text(summary.get(f'ssm_{key}'), form)} | {_text(summary.get(f'lai_{key}'), form)} |"


def _text(value: Number, form: str) -> str:
    return "–" if value is None or value != value else format(value, form)
