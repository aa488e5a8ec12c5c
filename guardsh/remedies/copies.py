"""Copies of single files that share their blocks (reflinks), made before a command overwrites or deletes them."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from guardsh.model.observed import Known
from guardsh.model.saved import Saved, Way
from guardsh.remedies.record import (
    Held,
    Kept,
    NotDoneError,
    Occasion,
    Record,
    from_text,
    new_id,
    not_kept,
    reason,
    to_text,
)
from guardsh.system import copying, detached, kernel, processes, standing
from guardsh.system.apart import Deadline, apart

STORE = ".guardsh-copies"
_RECORD = "saved.json"
_CANNOT = (errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL)  # ioctl_ficlone(2); EINVAL: a swap file, ext4


def before(files: Iterable[str], occasion: Occasion, seconds: float) -> Kept:
    """Copies of those of ``files`` (resolved paths) that are regular files and not empty, before a command that writes
    to them or deletes them; in at most so many seconds. Where the file system has no reflinks, nothing is said."""
    present = tuple(path for path in dict.fromkeys(files) if _is_worth_it(path))
    if not present:
        return Kept()
    done = apart(partial(_before, present, occasion), Deadline(seconds))
    return done.value if isinstance(done, Known) else not_kept(present[0], done.why, "copy")


def saved() -> tuple[Saved, ...]:
    """Every copy of ours on this node, the oldest first; those that this account may see."""
    found = {record.saved.id: record.saved for record, _ in _records()}
    return tuple(found[each] for each in sorted(found))


def put_back(saved: Saved) -> None:
    """Each file as it was, under its name; what is there now is kept as a copy of its own, before ``guardsh undo ID``.

    Raises OSError, or NotDoneError: a server runs on files that it would not see change, or the copy is gone.
    """
    record, store = _record_of(saved)
    for held in record.held:
        _refuse_in_use(held.origin)
    now = [held.origin for held in record.held if _is_worth_it(held.origin)]
    if now:
        _keep(tuple(now), Occasion(("guardsh", "undo", saved.id), saved.operator))
    with detached.directory(store) as directory, detached.directory(saved.id, directory) as place:
        for held in record.held:
            _restore(place, held, saved.id)


def purge(saved: Saved) -> None:
    """Delete the copies for good. Raises OSError or NotDoneError."""
    record, store = _record_of(saved)
    with detached.directory(store) as directory:
        _remove(directory, record)


# Before


def _before(files: Sequence[str], occasion: Occasion) -> Kept:
    try:
        return _keep(files, occasion)
    except (OSError, NotDoneError) as error:
        return not_kept(files[0], reason(error), "copy")


def _is_worth_it(path: str) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size > 0


def _keep(files: Sequence[str], occasion: Occasion) -> Kept:
    """One store for each file system; all files of one that has no reflinks are left out."""
    stores: dict[str, list[str]] = {}
    for path in files:
        mount = standing.mount_of(path)
        if mount is not None:
            stores.setdefault(mount.point, []).append(path)
    kept = [one for point, paths in stores.items() for one in _kept(point, paths, occasion)]
    return Kept(tuple(kept), tuple(line for each in kept for line in _lines(each)))


def _kept(point: str, files: Sequence[str], occasion: Occasion) -> Iterator[Saved]:
    record = _record(point, files, occasion)
    with detached.directory(point) as top:
        if not _has_reflinks(files[0], top):
            return
        detached.own_directory(STORE, top)
        with detached.directory(STORE, top) as store:
            os.mkdir(record.saved.id, 0o700, dir_fd=store)
            try:
                _fill(store, record)
            except BaseException:
                _remove(store, record)
                raise
    yield record.saved


def _has_reflinks(file: str, top: int) -> bool:
    """Tried out with a file that has no name, and where this account may not write there, it gets no copies either."""
    try:
        with (
            detached.file(file) as source,
            detached.closing(os.open(".", os.O_TMPFILE | os.O_WRONLY, 0o600, dir_fd=top)) as target,
        ):
            kernel.reflink(source, target)
        return True
    except OSError as error:
        if error.errno in (*_CANNOT, errno.EACCES, errno.EISDIR):
            return False
        raise


def _fill(store: int, record: Record) -> None:
    with detached.directory(record.saved.id, store) as place:
        with open(_new(place, _RECORD), "w", encoding="ascii") as file:
            file.write(to_text(record))
            file.flush()
            os.fsync(file.fileno())
        for held in record.held:
            with (
                detached.file(held.origin) as source,
                detached.closing(_new(place, held.unit)) as target,
            ):
                copying.shared(source, target)
                os.fsync(target)
        os.fsync(place)
    os.fsync(store)


def _record(point: str, files: Sequence[str], occasion: Occasion) -> Record:
    when = time.time()
    identifier = new_id(when)
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    saved = Saved(
        id=identifier,
        way=Way.COPY,
        when=when,
        origins=tuple(files),
        place=os.path.join(point, STORE, identifier),
        what=f"{os.path.basename(files[0])}{more}, as before {' '.join(occasion.command)}",
        command=occasion.command,
        operator=occasion.operator,
    )
    return Record(saved, tuple(Held(path, "copy", str(number)) for number, path in enumerate(files)))


def _lines(saved: Saved) -> tuple[str, ...]:
    more = f" and {len(saved.origins) - 1} more" if len(saved.origins) > 1 else ""
    return (f"guardsh: a copy of {saved.origins[0]}{more} is kept; to put it back: guardsh undo {saved.id}",)


# Afterwards


def _records() -> Iterator[tuple[Record, str]]:
    """Each record, and the store that it lies in: at the top of every mounted file system, where it is ours."""
    for point in dict.fromkeys(mount.point for mount in standing.mounts() if mount.source.startswith("/")):
        store = os.path.join(point, STORE)
        with contextlib.suppress(OSError), detached.directory(store) as directory:
            if os.fstat(directory).st_uid in (0, os.geteuid()):
                yield from ((record, store) for record in _in(directory))


def _in(store: int) -> Iterator[Record]:
    for name in sorted(detached.names(store)):
        with contextlib.suppress(OSError), detached.directory(name, store) as place:
            with detached.file(_RECORD, place) as opened_one, open(opened_one, encoding="ascii", closefd=False) as file:
                record = from_text(file.read())
            if record is not None and record.saved.id == name:
                yield record


def _record_of(saved: Saved) -> tuple[Record, str]:
    for record, store in _records():
        if record.saved.id == saved.id:
            return record, store
    raise NotDoneError(f"copy {saved.id} is not there, or another account's")


def _refuse_in_use(origin: str) -> None:
    """A server has its files open, and would write to one that has no name any more; configuration is read by name."""
    if origin.endswith(".conf"):
        return
    for server in processes.servers():
        if server.directory is not None and origin.startswith(f"{server.directory.path}/"):
            raise NotDoneError(f"a server runs in {server.directory.path} (process {server.pid}): stop it first")


def _restore(place: int, held: Held, identifier: str) -> None:
    """By a new file that takes the name in one step."""
    above, name = os.path.split(held.origin)
    new = f".guardsh-undo-{identifier}-{held.unit}"
    with detached.directory(above) as directory:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new, dir_fd=directory)  # of an attempt that was interrupted: a copy of ours
        with (
            detached.file(held.unit, place) as source,
            detached.closing(_new(directory, new)) as target,
        ):
            copying.shared(source, target)
            os.fsync(target)
        os.rename(new, name, src_dir_fd=directory, dst_dir_fd=directory)
        os.fsync(directory)


def _remove(store: int, record: Record) -> None:
    """The record goes last: what is left of an interrupted purge is still found."""
    with contextlib.suppress(FileNotFoundError), detached.directory(record.saved.id, store) as place:
        for name in (*(held.unit for held in record.held), _RECORD):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=place)
        os.rmdir(record.saved.id, dir_fd=store)


def _new(directory: int, name: str) -> int:
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=directory)
