"""Errors a user can act on: one sentence naming the file or item, the field and what was expected."""


class LdasError(Exception):
    """Base of all expected failures; the command line prints it as one sentence and exits with `exit_code`."""

    exit_code = 1


class ConfigurationError(LdasError):
    """A profile, site file or option that does not say what it must."""

    exit_code = 2


class InputError(LdasError):
    """A file, granule or field that was read but is not what it should be (final: retrying does not help)."""

    exit_code = 3


class TransientError(LdasError):
    """A source that did not answer this time: 429, 5xx, time-out, broken connection (retrying may help)."""

    exit_code = 4


class AccessError(LdasError):
    """A source that refused us (401, 403, expired key); never to be mistaken for 'no data'."""

    exit_code = 5


class ForcingUnavailable(LdasError):
    """Mandatory forcing of a window is missing; nothing has been written and the cycle can be tried later."""

    exit_code = 6


class RecordError(LdasError):
    """The record and the configuration, grid or parameters do not belong together, or a cycle is out of order."""

    exit_code = 7


class CommitConflict(RecordError):
    """Another process committed this cycle first; this one has written nothing."""

    exit_code = 8


class ValidationError(LdasError):
    """A health check failed: stale, empty, missing or out-of-range data, or nothing was measured."""

    exit_code = 9
