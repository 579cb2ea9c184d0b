"""`hub charter import` and `hub charter export`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar

import typer

from hub import schema
from hub.charters import actions, files
from hub.charters.api import export
from hub.clock import Clock
from hub.db import Database
from hub.errors import Invalid, Refusal
from hub.render import Renderer
from hub.settings import Settings, SettingsError, load_settings
from hub.web import data_folder

T = TypeVar("T")
charter = typer.Typer(help="Charters: principles in two languages.", no_args_is_help=True)


def _fail(message: str, status: int) -> NoReturn:
    typer.echo(f"hub: {message}", err=True)
    raise typer.Exit(status)


def _english() -> Renderer:
    return Renderer(data_folder("templates"), data_folder("translations"), timezone="Europe/London")


def _settings() -> Settings:
    try:
        settings = load_settings()
    except SettingsError as problem:
        _fail(str(problem), 2)
    try:
        version, head = schema.versions(settings.database)
    except Exception as error:
        _fail(f"the database does not answer: {type(error).__name__}", 1)
    if version is not None and not schema.is_known(version, settings.database):
        _fail(schema.NEWER, 1)
    if version != head:
        _fail("the database is not up to date: run hub migrate", 1)
    return settings


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except files.FileFaults as wrong:
        _say(wrong)
    except Invalid as wrong:
        renderer = _english()
        for pointer, code in wrong.fields.items():
            typer.echo(f"hub: {pointer}: {renderer.fault('en', code)}", err=True)
    except Refusal as refusal:
        _fail(_english().refusal("en", refusal), 2)
    raise typer.Exit(2)


def _say(wrong: files.FileFaults) -> None:
    """One line for each fault: file, line, field, and what to mend."""
    renderer = _english()
    for fault in wrong.faults:
        place = ":".join(str(part) for part in (fault.file, fault.line) if part)
        where = f"{place}: {fault.field}" if fault.field else place
        typer.echo(f"{where}: {renderer.fault('en', fault.code)}", err=True)


@charter.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML, Markdown or DOCX.")],
    right: Annotated[
        str, typer.Option(help="Your right to use a text that others wrote, in words.")
    ] = "",
    may_publish: Annotated[
        bool, typer.Option("--may-publish", help="That right covers showing it to everybody.")
    ] = False,
    into: Annotated[
        str, typer.Option(help="The id of the entry without text whose text this is.")
    ] = "",
    language: Annotated[
        Literal["sv", "en"] | None, typer.Option(help="Of a text in one language.")
    ] = None,
) -> None:
    """Take in charters from a file, all or none; print their ids. Bad input: exit 2."""
    settings = _settings()
    try:
        with file.open("rb") as opened:
            raw = opened.read(files.LIMIT_BYTES + 1)
    except OSError as problem:
        _fail(f"{file}: {problem.strerror}", 2)

    async def bring() -> list[str]:
        if file.suffix.lower() in (".yaml", ".yml") and not into:
            read = files.read_yaml_all(raw, file=file.name)
        else:
            read = [files.read_any(raw, file=file.name, language=language)]
        database = Database(settings.database, secret_key=settings.read_key())
        try:
            async with database.transaction() as tx:
                return [
                    (
                        await actions.import_charter(
                            tx,
                            data,
                            right=right,
                            may_publish=True if may_publish else None,
                            into=into or None,
                            account=None,
                            now=Clock().now(),
                        )
                    ).id
                    for data in read
                ]
        finally:
            await database.close()

    for charter_id in _run(bring()):
        typer.echo(charter_id)


@charter.command("export")
def export_charter(
    charter_id: Annotated[str, typer.Argument(metavar="ID")],
    form: Annotated[Literal["yaml", "md"], typer.Option("--format")] = "yaml",
    language: Annotated[
        Literal["sv", "en", "both"], typer.Option(help="Of the Markdown.")
    ] = "both",
    full: Annotated[
        bool, typer.Option("--full", help="Texts that may not be shown to everybody too.")
    ] = False,
) -> None:
    """Write a charter to standard output: YAML (whole) or Markdown."""
    settings = _settings()

    async def write() -> str:
        database = Database(settings.database, secret_key=settings.read_key())
        try:
            async with database.reading() as tx:
                return await export(tx, charter_id, _english(), form, language=language, full=full)
        finally:
            await database.close()

    sys.stdout.buffer.write(_run(write()).encode())
