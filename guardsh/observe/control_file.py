"""pg_control, read directly: what an instance last wrote about itself, without pg_controldata of the right version."""

from __future__ import annotations

import struct

from guardsh.model.data_directory import ControlFile, ControlState

_HEAD = struct.Struct("=QIIi4xq")  # system_identifier, pg_control_version, catalog_version_no, state, time
_TIMELINE = struct.Struct("=I")
_TIMELINE_AT = 48  # after checkPoint and checkPointCopy.redo; from PostgreSQL 11
_TIMELINE_AT_BEFORE_11 = 56  # prevCheckPoint stood before checkPointCopy
_OLDEST, _FIRST_WITH_CRC32C, _FIRST_OF_11 = 937, 960, 1100
_CHECKSUM_BETWEEN = range(200, 512, 4)  # its offset differs per version: 288 in 12 to 17


def parse(data: bytes) -> ControlFile:
    """The first fields of ``global/pg_control`` (src/include/catalog/pg_control.h, PostgreSQL 9.3 to 18).

    Raises ValueError with a sentence where the bytes cannot be one, or were torn by a write under way.
    """
    if len(data) < _CHECKSUM_BETWEEN.stop:
        raise ValueError(f"pg_control has {len(data)} bytes, too few")
    identifier, version, _, state, written = _HEAD.unpack_from(data)
    if not _OLDEST <= version < 1 << 16:
        raise ValueError(f"pg_control has the impossible version {version}")
    if version >= _FIRST_WITH_CRC32C and not _has_its_checksum(data):
        raise ValueError("pg_control does not have its checksum")
    if state not in list(ControlState):
        raise ValueError(f"pg_control has the impossible state {state}")
    (timeline,) = _TIMELINE.unpack_from(data, _TIMELINE_AT if version >= _FIRST_OF_11 else _TIMELINE_AT_BEFORE_11)
    return ControlFile(identifier, version, ControlState(state), written, timeline)


def _has_its_checksum(data: bytes) -> bool:
    """Whether somewhere after the known fields the CRC-32C of everything before it is stored."""
    crc = _crc32c(data[: _CHECKSUM_BETWEEN.start])
    for at in _CHECKSUM_BETWEEN:
        if struct.unpack_from("=I", data, at)[0] == crc ^ 0xFFFFFFFF:
            return True
        crc = _crc32c(data[at : at + 4], crc)
    return False


def _crc32c(data: bytes, crc: int = 0xFFFFFFFF) -> int:
    """Castagnoli's polynomial, reflected; not yet inverted at the end (src/port/pg_crc32c_sb8.c)."""
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc
