"""Commands of the hub as processes of their own, without loading the hub anew for each.

A process that has loaded it is forked for every command, which then has its own environment,
working folder, input and output.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["hub.cli", "tests.commands"])
SECONDS = 300


def run_hub(
    *arguments: str, environment: dict[str, str], given: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """``hub`` with these arguments, as ``subprocess.run`` would answer with texts captured."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("in", "out", "err")]
        files[0].write_text(given, "utf-8")
        paths = [str(path) for path in files]
        at: Any = (list(arguments), environment, paths, str(cwd or Path.cwd()))
        child = _context.Process(target=_act, args=at)
        child.start()
        child.join(SECONDS)
        if child.is_alive():
            child.kill()
            child.join()
            raise subprocess.TimeoutExpired(["hub", *arguments], SECONDS)
        out, err = (path.read_text("utf-8") for path in files[1:])
    return subprocess.CompletedProcess(["hub", *arguments], child.exitcode or 0, out, err)


def _act(arguments: list[str], environment: dict[str, str], paths: list[str], cwd: str) -> None:
    from hub.cli import main

    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    modes = (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)
    for number, (path, mode) in enumerate(zip(paths, modes, strict=True)):
        os.dup2(os.open(path, mode, 0o600), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    sys.argv = ["hub", *arguments]
    code: Any = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
