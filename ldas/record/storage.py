"""Where a record lives: Icechunk storage from settings, the lock of a local disk, and failures in our words."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import icechunk

from ldas.config import RecordSettings
from ldas.errors import AccessError, CommitConflict, ConfigurationError, RecordError, TransientError

icechunk.set_logs_filter("error")
# Icechunk warns that a local disk is not safe for two committing processes; `exclusive` makes it safe.

CYCLES_PER_MANIFEST = 366
"""Time steps whose chunk addresses share one manifest, so that a commit does not rewrite years of them."""


def open_storage(settings: RecordSettings) -> icechunk.Storage:
    """The storage of a `file://` or `s3://` address; S3 keys come from the environment."""
    parts = urlsplit(settings.uri)
    if parts.scheme == "s3" and parts.netloc and parts.path.strip("/"):
        return icechunk.s3_storage(
            bucket=parts.netloc,
            prefix=parts.path.strip("/"),
            region=settings.region,
            endpoint_url=settings.endpoint_url or None,
            allow_http=settings.endpoint_url.startswith("http://"),
            force_path_style=bool(settings.endpoint_url),
            from_env=True,
        )
    if parts.scheme in ("file", "") and parts.path:
        return icechunk.local_filesystem_storage(str(local_path(settings)))
    raise ConfigurationError(f"record.uri: expected file:///folder or s3://bucket/prefix, got {settings.uri!r}")


def local_path(settings: RecordSettings) -> Path | None:
    """The folder of a record on a local disk, None elsewhere."""
    parts = urlsplit(settings.uri)
    return Path(parts.path) if parts.scheme in ("file", "") else None


def storage_settings(settings: RecordSettings) -> icechunk.StorageSettings:
    """The number of tries of a request; every other setting as Icechunk has it."""
    return icechunk.StorageSettings(retries=icechunk.StorageRetriesSettings(max_tries=settings.tries))


def repository_config(settings: RecordSettings) -> icechunk.RepositoryConfig:
    """Manifests split along time, tries of a request; every other setting as Icechunk has it."""
    config = icechunk.RepositoryConfig.default()
    config.storage = storage_settings(settings)
    splitting = icechunk.ManifestSplittingConfig.from_dict(
        {
            icechunk.ManifestSplitCondition.AnyArray(): {
                icechunk.ManifestSplitDimCondition.DimensionName("time"): CYCLES_PER_MANIFEST
            }
        }
    )
    config.manifest = icechunk.ManifestConfig(splitting=splitting)
    return config


@contextmanager
def exclusive(settings: RecordSettings) -> Iterator[None]:
    """Keep other processes from moving references while this one does.

    An object store compares and swaps by itself. A local disk cannot, so a lock file beside the repository stands in
    for it; the system frees it when its holder ends, however that happens.
    """
    path = local_path(settings)
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def storing(settings: RecordSettings) -> Iterator[None]:
    """Turn failures of the store into ours, each saying what to do; a commit that raises has written nothing."""
    try:
        yield
    except icechunk.ConflictError as error:
        raise CommitConflict(
            f"{settings.uri}: another process committed first; this one has written nothing, run again to continue"
        ) from error
    except (icechunk.IcechunkError, OSError) as error:
        raise _explain(settings.uri, error) from error


_FULL = ("no space left", "disk quota")
_REFUSED = ("accessdenied", "access denied", "forbidden", "permission denied", "read-only", "unauthorized")
_KEYS = ("invalidaccesskey", "signaturedoesnotmatch", "expiredtoken", "requesttimetooskewed")
_TRANSIENT = ("timeout", "timed out", "dispatch failure", "service error", "connect", "throttl", "slowdown")


def _explain(uri: str, error: Exception) -> RecordError | TransientError | AccessError:
    text = " ".join(str(error).split())

    def says(words: tuple[str, ...]) -> bool:
        return any(word in text.lower() for word in words)

    if says(_FULL):
        return RecordError(f"{uri}: the disk is full; nothing of this cycle was written, make room and run again")
    if says(_KEYS):
        return AccessError(f"{uri}: the store refuses the keys or this machine's clock; check both ({text:.120})")
    if says(_REFUSED):
        return AccessError(f"{uri}: the store refuses access; check its keys, policy or file permissions")
    if says(_TRANSIENT):
        return TransientError(f"{uri}: the store did not answer; nothing of this cycle was written, run again later")
    return RecordError(f"{uri}: the record cannot be used ({text:.200})")
