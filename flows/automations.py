"""The automations of the service as code; `python -m flows.automations` applies them, as often as you like.

Notifications go to the Prefect notification block named by `LDAS_NOTIFICATION_BLOCK` (`type-slug/name`, for example
`slack-webhook/operators`); without it the automations still act and show in the event feed, but notify nobody.
"""

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from prefect.automations import Automation
from prefect.blocks.core import Block
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState, DoNothing, SendNotification
from prefect.events.schemas.automations import EventTrigger, Posture

STATE_CHANGING = ("daily", "backfill", "replay", "spinup")
HEARTBEAT = timedelta(seconds=30)
"""As deploy/prefect.yaml sets it for every run."""
LATENESS = timedelta(hours=26)
"""A day, and time for the run itself."""
WHICH_RUN = "{{ flow.name }}/{{ deployment.name }} {{ flow_run|ui_url }}"
FAILED = {"prefect.flow-run.Failed", "prefect.flow-run.Crashed"}
Match = dict[str, str | list[str]]
RUN: Match = {"prefect.resource.id": "prefect.flow-run.*"}


def build_automations(notify: Sequence[ActionTypes], lateness: timedelta = LATENESS) -> list[Automation]:
    """All alarms of the service; `notify` are the actions of those that tell somebody.

    A domain is late when `lateness` has passed since its last daily run completed, or since it first was due or ran if
    none has; as long as its runs are late or do not complete, the alarm is repeated.
    """
    daily: Match = {"prefect.resource.role": "flow", "prefect.resource.name": "daily"}
    of_a_deployment: Match = {"prefect.resource.role": "deployment"}
    any_of_ours: Match = {"prefect.resource.role": "flow", "prefect.resource.name": list(STATE_CHANGING)}
    validation: Match = {"prefect.resource.role": "flow", "prefect.resource.name": "validate"}
    statistics: Match = {"prefect.resource.role": "flow", "prefect.resource.name": "climatology"}
    return [
        Automation(
            name="ldas: late cycle",
            description="No daily run of a domain has completed for 26 hours. Runbook: late-cycle.",
            trigger=EventTrigger(
                match=RUN,
                match_related=[daily, of_a_deployment],
                posture=Posture.Proactive,
                after={"prefect.flow-run.Late", "prefect.flow-run.Running", "prefect.flow-run.Completed"},
                expect={"prefect.flow-run.Completed"},
                for_each={"related:deployment:prefect.resource.id"},
                threshold=1,
                within=lateness,
            ),
            actions=list(notify),
        ),
        _when_failed(
            "failed or crashed run",
            "A state-changing run failed or crashed; the next scheduled run resumes. Runbook: failed-run.",
            any_of_ours,
            {*FAILED, "prefect.flow-run.TimedOut"},
            notify,
        ),
        Automation(
            name="ldas: zombie run",
            description="No heartbeat of a run for three intervals: it is marked crashed. Runbook: zombie-run.",
            trigger=EventTrigger(
                match=RUN,
                after={"prefect.flow-run.heartbeat"},
                expect={
                    "prefect.flow-run.heartbeat",
                    "prefect.flow-run.Completed",
                    "prefect.flow-run.Failed",
                    "prefect.flow-run.TimedOut",
                    "prefect.flow-run.Cancelled",
                    "prefect.flow-run.Crashed",
                },
                for_each={"prefect.resource.id"},
                posture=Posture.Proactive,
                threshold=1,
                within=3 * HEARTBEAT,
            ),
            actions=[
                ChangeFlowRunState(
                    state=StateType.CRASHED,
                    name="Crashed",
                    message="no heartbeat: the worker or its process is gone",
                    force=False,
                )
            ],
        ),
        _when_failed(
            "stale data",
            "The validate flow found stale, empty or missing layers. Runbook: stale-data.",
            validation,
            FAILED,
            notify,
        ),
        _when_failed(
            "rescaling drift",
            "The climatology flow found that the rescaled soil moisture has drifted. Runbook: drift.",
            statistics,
            FAILED,
            notify,
        ),
    ]


def _when_failed(
    name: str, description: str, flows: Match, events: set[str], notify: Sequence[ActionTypes]
) -> Automation:
    """The alarm at each event of `events` of a run of `flows`."""
    return Automation(
        name=f"ldas: {name}",
        description=description,
        trigger=EventTrigger(
            match=RUN,
            match_related=flows,
            posture=Posture.Reactive,
            expect=events,
            threshold=1,
            within=timedelta(0),
        ),
        actions=list(notify),
    )


def notification_actions(block: str) -> list[ActionTypes]:
    """The action that sends a message through the notification block `type-slug/name`; no block, no message."""
    if not block:
        return [DoNothing()]
    loaded = Block.load(block, _sync=True)  # type: ignore[call-arg]
    document = getattr(loaded, "_block_document_id", None)
    if document is None:
        raise ValueError(f"notification block {block}: expected a block saved on this server, got one without an id")
    return [
        SendNotification(
            block_document_id=document,
            subject="{{ automation.name }}",
            body="{{ automation.description }}\n" + WHICH_RUN,
        )
    ]


def apply_automations(wanted: Sequence[Automation]) -> list[str]:
    """Create or update each automation by name on the server; returns what was done, a line each."""
    done = []
    for automation in wanted:
        try:
            existing = cast(Automation, Automation.read(name=automation.name))
        except ValueError:
            automation.create()
            done.append(f"created {automation.name}")
            continue
        automation.id = existing.id
        automation.update()
        done.append(f"updated {automation.name}")
    return done


if __name__ == "__main__":
    block_name = os.environ.get("LDAS_NOTIFICATION_BLOCK", "")
    for line in apply_automations(build_automations(notification_actions(block_name))):
        print(line)
