"""`hub models …` and the lines of `hub translate`."""

from __future__ import annotations

import asyncio
import codecs
import io
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, NoReturn, TextIO

import rich.console
import rich.progress
import typer

from hub.db import Database
from hub.language import packages as shelf
from hub.language.actions import translate_all
from hub.language.engine import Offer, Unreachable, offers
from hub.language.packages import BrokenPackage, Package
from hub.language.text import Language
from hub.language.translator import Service, try_out
from hub.settings import SettingsError, load_settings

models = typer.Typer(name="models", help="Translation packages (Argos).", no_args_is_help=True)

_SECONDS = 30
_LINES_AT_ONCE = 32


def _fail(message: str, status: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(status)


def _models_dir() -> Path:
    try:
        return load_settings().packages_dir
    except SettingsError as problem:
        _fail(str(problem), 2)


@models.command("list")
def list_packages() -> None:
    """Shows each package: direction, version, size, score, where it is from, whether in use.

    The score is chrF++ on the development set, where the package or its record says one.
    """
    models_dir, bundled_dir = _models_dir(), shelf.bundled_place()
    known = shelf.installed(models_dir) + shelf.bundled(bundled_dir)
    if known:
        typer.echo(f"{'direction':<11}{'version':<10}{'size':>9}{'score':>7}  {'from':<10}in use")
    used: set[str] = set()
    for package in known:
        mark = "" if package.direction in used else "yes"
        used.add(package.direction)
        place = "built-in" if package.bundled else "installed"
        size = f"{package.size_bytes / 1e6:.1f} MB"
        score = "-" if package.score is None else f"{package.score:.1f}"
        typer.echo(
            f"{package.direction:<11}{package.version:<10}{size:>9}{score:>7}  "
            f"{place:<10}{mark}".rstrip()
        )
    for path, problem in shelf.unreadable(models_dir, bundled_dir).items():
        typer.echo(f"{path.name}: {problem}", err=True)
    for source, target in shelf.DIRECTIONS:
        if f"{source}-{target}" not in used:
            typer.echo(f"{source}-{target}: no package; try `hub models install`", err=True)


@models.command("install")
def install_packages(
    from_file: Annotated[
        list[Path] | None, typer.Option("--from", help="An .argosmodel file.", metavar="FILE")
    ] = None,
    more: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", hidden=True)] = None,
) -> None:
    """Installs packages from files or, without --from, the official ones from the network.

    A package takes the place of the one before it only after it translated a test sentence.
    """
    models_dir = _models_dir()
    if more and not from_file:
        _fail(f"give files with --from: hub models install --from {more[0]}", 2)
    files = [*(from_file or []), *(more or [])]
    try:
        if files:
            _install(files, models_dir)
            return
        models_dir.mkdir(parents=True, exist_ok=True)
        for archive in _downloaded(models_dir / ".downloads"):
            _install([archive], models_dir)
            archive.unlink()
    except OSError as problem:
        _fail(f"the packages could not be installed: {problem}", 1)


@models.command("remove")
def remove_packages(
    directions: Annotated[
        list[str] | None, typer.Argument(metavar="[sv-en|en-sv]...", help="All, if none given.")
    ] = None,
) -> None:
    """Removes installed packages. Those that came with the hub stay, and are used again."""
    possible = [f"{source}-{target}" for source, target in shelf.DIRECTIONS]
    for direction in directions or []:
        if direction not in possible:
            _fail(f"{direction} is no direction; there are {' and '.join(possible)}", 2)
    doomed = [
        package
        for package in shelf.installed(_models_dir())
        if package.direction in (directions or possible)
    ]
    if not doomed:
        _fail("no such package is installed", 1)
    for package in doomed:
        try:
            shelf.discard(package.path)
        except OSError as problem:
            _fail(f"{package.path.name} could not be removed: {problem}", 1)
        typer.echo(f"removed {package.direction} {package.version}")


def _install(files: list[Path], models_dir: Path) -> None:
    """All of the files or none: each is tried before the first is put in place."""
    with ExitStack() as unpacked:
        tried: list[Package] = []
        for file in files:
            try:
                package = unpacked.enter_context(shelf.candidate(file, models_dir))
            except BrokenPackage as problem:
                _fail(f"{file}: {problem}", 2)
            try:
                try_out(package)
            except BrokenPackage as problem:
                _fail(f"{file}: {problem}; nothing was changed", 1)
            tried.append(package)
        for package in tried:
            shelf.adopt(package, models_dir)
            typer.echo(f"installed {package.direction} {package.version}")


def _downloaded(place: Path) -> Iterator[Path]:
    try:
        offered = offers(place)
    except Unreachable as problem:
        _fail(f"{problem}; without a network use --from FILE", 1)
    if not offered:
        _fail("the package index offers nothing between sv and en", 1)
    for offer in offered:
        yield _download(offer, place)


def _download(offer: Offer, place: Path) -> Path:
    archive = place / f"{offer.name}-{offer.version}.argosmodel"
    problem: object = "it has no address"
    for link in offer.links:
        try:
            _fetch(link, archive, f"{offer.source}-{offer.target} {offer.version}")
        except (OSError, ValueError) as fault:
            problem = fault
            archive.unlink(missing_ok=True)
        else:
            return archive
    _fail(f"{offer.name} could not be fetched: {problem}", 1)


def _fetch(link: str, archive: Path, title: str) -> None:
    """Raises OSError where the file does not arrive whole."""
    # The links come from the list of packages, never from what somebody typed.
    asked = urllib.request.Request(link, headers={"User-Agent": "samrum-hub"})  # noqa: S310
    console = rich.console.Console(stderr=True)
    columns = (
        rich.progress.TextColumn("{task.description}"),
        rich.progress.BarColumn(),
        rich.progress.DownloadColumn(),
        rich.progress.TimeRemainingColumn(),
    )
    with (
        urllib.request.urlopen(asked, timeout=_SECONDS) as answer,  # noqa: S310
        archive.open("wb") as file,
        rich.progress.Progress(*columns, console=console) as progress,
    ):
        size = int(answer.headers.get("Content-Length") or 0)
        task = progress.add_task(title, total=size or None)
        while chunk := answer.read(1 << 16):
            file.write(chunk)
            progress.advance(task, len(chunk))
        if size and file.tell() != size:
            raise OSError(f"{file.tell()} of {size} bytes arrived")


# --- hub translate ----------------------------------------------------------------------------


def translate_lines(
    translator: Service,
    source: Language,
    target: Language,
    stdin: TextIO,
    stdout: TextIO,
    stderr: TextIO,
    *,
    database: Database | None = None,
) -> int:
    """Writes one line for each line read, as soon as it is there; returns the exit status.

    Starts the translator and closes it; `database` holds the translation memory, if there is
    one. A line that could not be translated comes out as it was, with a note on `stderr`, and the
    status is 1 at the end. Line ends (CRLF too), empty lines and a missing last line end stay as
    they were, and so do bytes that are no UTF-8.
    """
    if isinstance(stdout, io.TextIOWrapper):
        stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="")
    failures = number = 0
    with asyncio.Runner() as runner:
        runner.run(translator.start())
        try:
            for lines in _lines(stdin):
                made = runner.run(
                    translate_all(
                        translator,
                        [line.rstrip("\r\n") for line in lines],
                        source=source,
                        target=target,
                        database=database,
                    )
                )
                for line, result in zip(lines, made, strict=True):
                    number += 1
                    plain = line.rstrip("\r\n")
                    if result.status == "failed":
                        failures += 1
                        stderr.write(f"line {number} was not translated ({result.reason})\n")
                        stdout.write(line)
                    else:
                        stdout.write(result.text + line[len(plain) :])
                stdout.flush()
        except BrokenPipeError:
            return 1
        finally:
            runner.run(translator.close())
            if database is not None:
                runner.run(database.close())
    return 1 if failures else 0


def _lines(stdin: TextIO) -> Iterator[list[str]]:
    """Whole lines with their ends, as many as have arrived, in small batches."""
    rest = ""
    for arrived in _arriving(stdin):
        *whole, rest = (rest + arrived).split("\n")
        lines = [line + "\n" for line in whole]
        for start in range(0, len(lines), _LINES_AT_ONCE):
            yield lines[start : start + _LINES_AT_ONCE]
    if rest:
        yield [rest]


def _arriving(stdin: TextIO) -> Iterator[str]:
    raw = getattr(stdin, "buffer", None)
    if raw is None:
        yield from iter(lambda: stdin.read(1 << 16), "")
        return
    # What is there is read at once, so that a program that writes a line and waits gets its
    # answer; and the text layer would turn CRLF into LF.
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    while chunk := raw.read1(1 << 16):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)
