"""This machine with `guardsh install --login-shield dba`, in namespaces of its own, and whoever logs in to it."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pexpect

from guardsh.system import processes
from tests.faults.operator import Session
from tests.install.machine import _PRIVATE, _SETUP, FRONT_DOOR
from tests.quiet_fish import QUIET_FISH

DATA = "/var/lib/postgresql/15/main"
GROUP, ROOT, OWNER, PLAIN, OTHER = "dba", "root", "owner", "plain", "other"
PROMPT = "@@> "
