"""The commands of the hub."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar

import typer
import uvicorn

from hub import schema
from hub.app import create_app, join_rooms
from hub.audit.actions import COMMAND, Verdict, key_fits, note, verify
from hub.audit.models import AuditEntry
from hub.backup import making, restoring
from hub.charters.actions import load_shipped as load_shipped_charters
from hub.charters.commands import charter
from hub.clock import Clock
from hub.db import Database
from hub.demo import stage as demo_stage
from hub.errors import Invalid, Refusal
from hub.gatherings.api.me import read_seats
from hub.gatherings.doorway import read_record
from hub.gatherings.jobs import load_memory
from hub.gatherings.models import access_gathering, list_contributions
from hub.gatherings.my_data import withdraw
from hub.gatherings.qda import as_project
from hub.gatherings.record import as_markdown
from hub.gatherings.screens import Screens
from hub.gatherings.table import as_csv
from hub.health import OTHER_KEY, check_parts
from hub.language.commands import models, translate_lines
from hub.language.translator import Translator
from hub.logs import set_up_logs
from hub.people import actions as people
from hub.people.models import access_participant, find_account_by_email
from hub.people.texts import TextError
from hub.programme.actions import load_shipped_cases
from hub.render import Renderer
from hub.settings import Settings, SettingsError, load_settings
from hub.web import data_folder
from hub.wire import Wire

T = TypeVar("T")
app = typer.Typer(
    name="hub",
    help="Samrum: a hub where people who share no language think and decide together.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
user = typer.Typer(help="Accounts of those who run things.", no_args_is_help=True)
token = typer.Typer(help="Bearer tokens for the API.", no_args_is_help=True)
session = typer.Typer(help="Sessions.", no_args_is_help=True)
participant = typer.Typer(help="What is held on one who took part.", no_args_is_help=True)
audit = typer.Typer(help="The audit log.", no_args_is_help=True)
app.add_typer(user, name="user")
app.add_typer(token, name="token")
app.add_typer(session, name="session")
app.add_typer(participant, name="participant")
app.add_typer(audit, name="audit")
app.add_typer(charter, name="charter")
app.add_typer(models, name="models")

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets phones in.")]
Port = Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)]


def fail(message: str, status: int = 1) -> NoReturn:
    """One line on stderr, and the exit status: 2 for bad input, 1 for failure."""
    typer.echo(f"hub: {message}", err=True)
    raise typer.Exit(status)


def settings_or_fail(**overrides: object) -> Settings:
    try:
        return load_settings(**overrides)
    except SettingsError as error:
        fail(str(error), 2)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it; a refusal becomes one line in English."""
    try:
        return asyncio.run(work)
    except Invalid as error:
        renderer = english()
        words = [renderer.fault("en", code) for code in error.fields.values()]
        fail(" ".join(words), 2)
    except Refusal as error:
        fail(english().refusal("en", error), 2)


def english() -> Renderer:
    return Renderer(data_folder("templates"), data_folder("translations"), timezone="Europe/London")


def local_address() -> str:
    """This machine's address on its network, for links that phones can open."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: this only asks which way packets would go.
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def reachable_url(host: str, port: int) -> str:
    # Compared with, never listened on.
    shown = local_address() if host in ("0.0.0.0", "::") else host  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def check_schema(settings: Settings) -> None:
    """Refuse to start on a database that is empty, older, or written by a newer hub."""
    try:
        version, head = schema.versions(settings.database)
    except Exception as error:
        fail(f"the database does not answer: {type(error).__name__}")
    if version == head:
        return
    if version is not None and not schema.is_known(version, settings.database):
        fail(schema.NEWER)
    fail("the database is not up to date: run hub migrate, or hub serve --migrate")


def migrate_or_fail(settings: Settings) -> None:
    """Bring the database up to date, or leave it as it is and say why in one line."""
    try:
        schema.migrate(settings.database, tell=lambda line: typer.echo(line, err=True))
    except schema.NotMigrated as error:
        fail(str(error))
    except Exception as error:
        fail(f"the database does not answer: {type(error).__name__}")


def check_and_keep(settings: Settings) -> None:
    """Refuse to start with a key that opens nothing, or with no text that people say yes to."""

    async def keep() -> bool:
        database, now = Database(settings.database, secret_key=settings.read_key()), Clock().now()
        try:
            async with database.transaction() as tx:
                if not await key_fits(tx):
                    return False
                await people.sync_texts(tx, settings.data_dir / "consent", now=now)
                return True
        finally:
            await database.close()

    try:
        fits = asyncio.run(keep())
    except TextError as error:
        fail(str(error), 2)
    if not fits:
        fail(OTHER_KEY, 2)


@app.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(help="Processes; more than one needs Redis.")] = 1,
    migrate: Annotated[bool, typer.Option("--migrate", help="Apply migrations first.")] = False,
) -> None:
    """Start the server."""
    settings = settings_or_fail()
    try:
        settings.check_workers(workers)
    except SettingsError as error:
        fail(str(error), 2)
    set_up_logs(settings.log_format)
    if migrate:
        migrate_or_fail(settings)
    check_schema(settings)
    check_and_keep(settings)
    if not settings.base_url:
        os.environ["HUB_BASE_URL"] = reachable_url(host, port)
    typer.echo(f"Samrum: {settings.base_url or os.environ['HUB_BASE_URL']}", err=True)
    uvicorn.run(
        "hub.cli:served",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        ws=Wire,
        proxy_headers=True,
        timeout_graceful_shutdown=5,
    )


def served() -> Any:
    """The application of one server process."""
    settings = load_settings()
    set_up_logs(settings.log_format)
    return create_app(settings)


@app.command()
def init(
    email: Annotated[str, typer.Option(help="E-mail of the first facilitator.")] = "",
    name: Annotated[str, typer.Option(help="Their name.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Take defaults, ask nothing.")] = False,
) -> None:
    """Create database, secret key and first facilitator, asking only for what is missing."""
    settings = settings_or_fail()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.read_key()
    migrate_or_fail(settings)
    run(_load_memory(settings))
    run(_init(settings, email, name, ask=not yes))


async def _init(settings: Settings, email: str, name: str, *, ask: bool) -> None:
    database, now = Database(settings.database, secret_key=settings.read_key()), Clock().now()
    try:
        async with database.transaction() as tx:
            added = await load_shipped_cases(tx, now=now, demonstration=False)
            if added:
                typer.echo(f"{added} case studies added")
            await load_shipped_charters(tx, now=now, demonstration=False)
            account = await people.first_facilitator(tx)
            if account is None:
                email = email or (
                    typer.prompt("E-mail of the first facilitator") if ask else "admin@example.org"
                )
                name = name or (typer.prompt("Name") if ask else email.split("@")[0])
                account = await people.add_account(
                    tx, email=email, name=name, role="admin", language="sv", now=now
                )
            link = await people.make_sign_in_link(tx, account, now=now)
    finally:
        await database.close()
    base = settings.base_url or "http://127.0.0.1:8000"
    typer.echo(f"Database: {settings.database.split('///')[-1]}")
    typer.echo(f"Sign in as {account.email}, once, within a day: {base}/sign-in/{link}")
    typer.echo("Start the server with: hub serve")


@app.command()
def migrate() -> None:
    """Bring the database to the version that this hub knows: all of it, or nothing."""
    settings = settings_or_fail()
    migrate_or_fail(settings)
    run(_load_memory(settings))
    run(_load_charters(settings))
    typer.echo(f"database at {schema.versions(settings.database)[0]}")


async def _load_memory(settings: Settings) -> None:
    database = Database(settings.database, secret_key=settings.read_key())
    try:
        await load_memory(database, Clock(), english())
    finally:
        await database.close()


async def _load_charters(settings: Settings) -> None:
    database = Database(settings.database, secret_key=settings.read_key())
    try:
        async with database.transaction() as tx:
            await load_shipped_charters(tx, now=Clock().now(), demonstration=False)
    finally:
        await database.close()


File = Annotated[Path, typer.Argument(metavar="FILE", help="A file of hub backup.")]


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file.")] = False,
) -> None:
    """Write the whole hub to one file, also while it runs, and verify it.

    In it: the database as at one moment, the secret key where it is a file, and what is in the
    data folder but translation packages. Keep it as secret as the hub itself.
    """
    settings = settings_or_fail()
    try:
        made = making.make(settings, file, force=force, now=Clock().now())
    except making.NotBackedUp as error:
        fail(str(error))
    rows = sum(made.manifest.counts.values())
    typer.echo(f"{made.path}: {rows} rows, {made.size} bytes, written and verified")
    if not made.has_key:
        typer.echo("the secret key is not in it: keep HUB_SECRET_KEY as well", err=True)


@app.command()
def restore(
    file: File,
    force: Annotated[
        bool, typer.Option("--force", help="Put it in the place of the hub that is there.")
    ] = False,
) -> None:
    """Put the hub back as it was when a backup was made. Stop the hub first.

    With --force everything newer is lost, but who withdrew since, or took words back, is erased
    again, and mails that went out since do not go out again.
    """
    settings = settings_or_fail()
    try:
        done = restoring.restore(
            settings, file, force=force, now=Clock().now(), open_screens=_at_hub
        )
    except restoring.NotRestored as error:
        fail(str(error), error.status)
    for line in restoring.describe(done):
        typer.echo(line)


@app.command()
def doctor() -> None:
    """One line per dependency; exit 1 where one that is needed is down."""
    settings = settings_or_fail()
    set_up_logs(settings.log_format)

    async def look() -> bool:
        database = Database(settings.database, secret_key=settings.read_key())
        translator = Translator(settings.packages_dir, data_folder("translations") / "models")
        await translator.start()
        parts = await check_parts(settings, database, translator)
        await translator.close()
        await database.close()
        for part in parts:
            typer.echo(f"{part.name:<18} {part.state:<9} {part.detail}".rstrip())
        return all(part.state != "down" for part in parts if part.needed)

    if not asyncio.run(look()):
        raise typer.Exit(1)


@user.command("add")
def user_add(
    email: str,
    role: Annotated[str, typer.Option(help="admin, facilitator, editor or researcher")],
    name: Annotated[str, typer.Option(help="Shown to participants.")] = "",
    language: Annotated[str, typer.Option(help="sv or en")] = "sv",
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a password, or read it from stdin.")
    ] = False,
) -> None:
    """Add an account and print a link that signs it in once."""
    settings = settings_or_fail()
    check_schema(settings)
    words = ""
    if password:
        words = (
            typer.prompt("Password", hide_input=True, confirmation_prompt=True)
            if sys.stdin.isatty()
            else sys.stdin.readline().rstrip("\n")
        )

    async def add() -> str:
        database, now = Database(settings.database, secret_key=settings.read_key()), Clock().now()
        try:
            async with database.transaction() as tx:
                account = await people.add_account(
                    tx,
                    email=email,
                    name=name or email.split("@", maxsplit=1)[0],
                    role=role,
                    language=language,
                    now=now,
                    password=words,
                )
                return await people.make_sign_in_link(tx, account, now=now)
        finally:
            await database.close()

    link = run(add())
    typer.echo(f"{settings.base_url or 'http://127.0.0.1:8000'}/sign-in/{link}")


@user.command("link")
def user_link(email: str) -> None:
    """Print a new link that signs this account in once, within a day."""
    settings = settings_or_fail()
    check_schema(settings)

    async def make() -> str:
        database, now = Database(settings.database, secret_key=settings.read_key()), Clock().now()
        try:
            async with database.transaction() as tx:
                account = await find_account_by_email(tx, email)
                if account is None or account.disabled_at is not None:
                    raise Refusal("account_unknown")
                return await people.hand_out_link(tx, account, now=now, actor=COMMAND)
        finally:
            await database.close()

    link = run(make())
    typer.echo(f"{settings.base_url or 'http://127.0.0.1:8000'}/sign-in/{link}")


@token.command("create")
def token_create(email: str) -> None:
    """Print a bearer token for this account, and nothing else."""
    settings = settings_or_fail()
    check_schema(settings)

    async def create() -> str:
        database, now = Database(settings.database, secret_key=settings.read_key()), Clock().now()
        try:
            async with database.transaction() as tx:
                account = await find_account_by_email(tx, email)
                if account is None:
                    raise Refusal("account_unknown")
                return await people.sign_in(tx, account, kind="token", now=now, actor=COMMAND)
        finally:
            await database.close()

    typer.echo(run(create()))


@session.command("export")
def session_export(
    session_id: Annotated[str, typer.Argument(metavar="ID")],
    form: Annotated[
        Literal["json", "csv", "md", "qdpx"],
        typer.Option("--format", help="json, csv, md, or qdpx (REFI-QDA, binary)"),
    ] = "json",
    language: Annotated[Literal["sv", "en"], typer.Option(help="Of the Markdown.")] = "sv",
) -> None:
    """Write a session to standard output: JSON or Markdown of its record, CSV, or QDPX."""
    settings = settings_or_fail()
    check_schema(settings)

    async def export() -> bytes:
        database = Database(settings.database, secret_key=settings.read_key())
        renderer = Renderer(
            data_folder("templates"), data_folder("translations"), timezone=settings.timezone
        )
        screens = Screens(database, Clock(), renderer, base_url=settings.base_url)
        try:
            async with database.transaction() as tx:
                await access_gathering(tx, session_id)
                now = Clock().now()
                facts = {"what": "session", "format": form}
                await note(tx, "exported", actor=COMMAND, now=now, gathering_id=session_id, **facts)
            async with database.reading() as tx:
                record = await read_record(screens, tx, session_id)
                if form == "csv":
                    demonstration = bool(record["session"]["demonstration"])
                    said = await list_contributions(tx, session_id)
                    return as_csv(said, demonstration=demonstration).encode()
                if form == "qdpx":
                    gathering = await access_gathering(tx, session_id)
                    return as_project(record["session"], await screens.shared(tx, gathering))
        finally:
            await database.close()
        if form == "md":
            text = as_markdown(record, language, lambda words: renderer.say(language, words))
            return text.encode()
        return (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode()

    sys.stdout.buffer.write(run(export()))


@audit.command("check")
def audit_check(
    number: Annotated[
        int | None, typer.Option(min=1, help="An entry whose seal was written down earlier.")
    ] = None,
    seal: Annotated[str, typer.Option(help="That seal, as the log or this command told it.")] = "",
) -> None:
    """Check the whole audit log; exit 1 where it was changed, cut off or put back in time."""
    settings = settings_or_fail()
    if (number is None) != (not seal):
        fail("--number and --seal go together", 2)
    check_schema(settings)

    async def check() -> tuple[Verdict, str | None]:
        database = Database(settings.database, secret_key=settings.read_key())
        try:
            async with database.reading() as tx:
                verdict = await verify(tx)
                kept = await tx.get(AuditEntry, number) if number else None
                return verdict, kept.seal if kept else None
        finally:
            await database.close()

    verdict, kept = run(check())
    if not verdict.whole:
        fail(f"the audit log is broken at entry {verdict.broken_at}")
    if number is not None and kept != seal:
        fail(f"entry {number} of the audit log does not have that seal")
    typer.echo(f"whole: {verdict.count} entries, the last has the seal {verdict.seal}")


Seat = Annotated[str, typer.Argument(metavar="ID", help="Of one who took part: p_…")]


def _at_hub(settings: Settings) -> Screens:
    """What it takes to read and change sessions without a server."""
    database = Database(settings.database, secret_key=settings.read_key())
    renderer = Renderer(
        data_folder("templates"), data_folder("translations"), timezone=settings.timezone
    )
    screens = Screens(database, Clock(), renderer, base_url=settings.base_url)
    join_rooms(screens, settings)
    return screens


@participant.command("export")
def participant_export(participant_id: Seat) -> None:
    """Write everything the hub holds on one who took part to standard output, as JSON.

    Their answers to questions are not in it: only their personal link leads to them.
    """
    settings = settings_or_fail()
    check_schema(settings)

    async def export() -> dict[str, Any]:
        screens = _at_hub(settings)
        try:
            async with screens.database.reading() as tx:
                seat = await access_participant(tx, participant_id)
            return await read_seats(
                screens, [seat], secrets={}, now=screens.clock.now(), actor=COMMAND
            )
        finally:
            await screens.database.close()

    found = json.dumps(run(export()), ensure_ascii=False, indent=2) + "\n"
    sys.stdout.buffer.write(found.encode())


@participant.command("erase")
def participant_erase(
    participant_id: Seat,
    keep_anonymous: Annotated[
        bool, typer.Option("--keep-anonymous", help="What they shared stays, without a name.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase one who took part, as if they had withdrawn themselves. It cannot be undone.

    Their answers to questions stay: only their personal link leads to them.
    """
    settings = settings_or_fail()
    check_schema(settings)
    if not yes and not typer.confirm(f"Erase {participant_id} for good?", err=True):
        raise typer.Exit(1)

    async def erase() -> bool:
        screens = _at_hub(settings)
        try:
            async with screens.database.reading() as tx:
                seat = await access_participant(tx, participant_id)
            if seat.withdrawn_at is not None:
                return False
            await withdraw(
                screens,
                seat,
                keep_anonymous=keep_anonymous,
                secret=None,
                actor=COMMAND,
                outbox=settings.outbox_dir,
            )
            return True
        finally:
            await screens.settle()
            await screens.database.close()

    done = run(erase())
    typer.echo(f"{participant_id} {'erased' if done else 'has withdrawn before'}", err=True)


@app.command()
def translate(
    source: Annotated[Literal["sv", "en"], typer.Option("--from", help="Language of the lines.")],
    target: Annotated[Literal["sv", "en"], typer.Option("--to", help="Language wanted.")],
) -> None:
    """Translate lines from stdin to stdout, one for one."""
    settings = settings_or_fail()
    set_up_logs(settings.log_format)
    translator = Translator(settings.packages_dir, data_folder("translations") / "models")
    status = translate_lines(
        translator,
        source,
        target,
        sys.stdin,
        sys.stdout,
        sys.stderr,
        database=memory_of(settings),
    )
    raise typer.Exit(status)


def memory_of(settings: Settings) -> Database | None:
    """The database, for what it has in both languages; None where there is none up to date."""
    try:
        version, head = schema.versions(settings.database)
    except Exception:
        return None
    return Database(settings.database, secret_key=settings.read_key()) if version == head else None


@app.command()
def demo(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    speed: Annotated[float, typer.Option(help="How many times faster than the clock.")] = 4.0,
    seed: Annotated[int, typer.Option(help="Small differences in timing.")] = 1,
    once: Annotated[bool, typer.Option("--once", help="Play to the end, check, exit.")] = False,
) -> None:
    """A throw-away hub with a forum under way, played by scripted participants."""
    if not 0 < speed <= 1000:
        fail("--speed must be above 0 and at most 1000", 2)
    # What is printed is links: they are not to scroll away.
    set_up_logs("text", least=logging.WARNING)
    raise typer.Exit(
        demo_stage.perform(
            host=host,
            port=port,
            base_url=reachable_url(host, port),
            speed=speed,
            seed=seed,
            once=once,
            keep=Path("var") / "demo",
        )
    )


def main() -> None:
    app()


if __name__ == "__main__":
    main()
