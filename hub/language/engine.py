"""The engine: Argos packages on disk, run by CTranslate2.

This is the only file that knows Argos. It takes from it what a package is (`Package`: metadata,
tokenizer, `target_prefix`) and decodes with the settings of `argostranslate.translate`, but
calls CTranslate2 itself instead of going through Argos's `Translation` object, because that one

- asks for a sentence splitter which it would fetch from the network,
- translates paragraph by paragraph, where one batch for all waiting texts is several times
  faster, and gives no score per sentence, which the doubts need,
- keeps a cache that is not safe across threads, and logs the texts.

The two bundled directions carry the same network. They are loaded as two all the same: one for
both would save 34 MB, but its shortlist would be that of both directions, which costs a tenth of
the speed; and each package stays replaceable on its own. All here blocks: for worker threads.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import logging
import math
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hub.language import packages as shelf
from hub.language.packages import DIRECTIONS, BrokenPackage, Package
from hub.language.text import Language, shorter

# The bundled network has learned 128 positions; beyond them it only babbles.
_LONGEST_TOKENS: Final = 110
BEAM: Final = 4
_LENGTH_PENALTY: Final = 0.2
_BATCH_TOKENS: Final = 256
# Of glibc's malloc.h, in the order that they are set in: arenas, and bytes.
_MALLOC: Final = {
    "M_ARENA_MAX": (-8, 2),
    "M_MMAP_THRESHOLD": (-3, 512 * 1024),
    "M_TRIM_THRESHOLD": (-1, 64 * 1024 * 1024),
}
# How many pieces at the head of a vocabulary are in every shortlist.
_ALWAYS_LISTED: Final = 6
# What an engine must be able to translate before it is trusted with anything else.
TRIAL: Final[dict[Language, str]] = {
    "sv": "Jag har varit på avdelningen i tre dagar.",
    "en": "I have been on the ward for three days.",
}


@dataclass(frozen=True)
class Said:
    """What came out for a sentence, the log-probability per token, and what else might be said."""

    text: str
    log_probability: float
    others: tuple[tuple[list[str], float], ...] = ()
    stuttered: bool = False


@dataclass
class Engine:
    """One package at work. `model` names package and version."""

    package: Package
    argos: Any
    network: Any
    model: str
    prefix: list[str] = field(default_factory=list)
    # Whether the package tells which pieces may translate which.
    shortlist: bool = False
    # Its package on disk is another one by now.
    outdated: bool = False

    def pieces_of(self, word: str) -> int:
        """Of how many pieces of the vocabulary a word is made up."""
        return len(self.argos.tokenizer.encode(word))

    def decode(self, sentences: list[str], **options: Any) -> list[Said]:
        """What the network makes of each sentence; `options` are CTranslate2's."""
        parts: list[list[list[str]]] = [self._tokens(sentence) for sentence in sentences]
        flat = [tokens for sentence in parts for tokens in sentence]
        if not flat:
            return [Said("", 0.0) for _ in sentences]
        found = iter(
            self.network.translate_batch(
                flat,
                target_prefix=[self.prefix] * len(flat) if self.prefix else None,
                replace_unknowns=True,
                max_batch_size=_BATCH_TOKENS,
                batch_type="tokens",
                length_penalty=_LENGTH_PENALTY,
                return_scores=True,
                max_decoding_length=min(256, 3 * max(map(len, flat)) + 16),
                **{"beam_size": BEAM, "use_vmap": self.shortlist, **options},
            )
        )
        return [self._said(sentence, [next(found) for _ in sentence]) for sentence in parts]

    def _said(self, parts: list[list[str]], found: list[Any]) -> Said:
        if len(found) == 1:
            (first, sureness), *others = (
                (told, score * len(told) ** _LENGTH_PENALTY / (len(told) + 1))
                for told, score in zip(found[0].hypotheses, found[0].scores, strict=True)
            )
            return Said(self.plain(first), sureness, tuple(others))
        texts, log_probability, tokens = [], 0.0, 0
        for result in found:
            told = result.hypotheses[0]
            texts.append(self.plain(told))
            log_probability += result.scores[0] * len(told) ** _LENGTH_PENALTY
            tokens += len(told) + 1
        return Said(" ".join(filter(None, texts)), log_probability / max(tokens, 1))

    def _tokens(self, sentence: str) -> list[list[str]]:
        """The sentence as one list of tokens, or as several where it is too long for one."""
        plain = sentence
        tokens: list[str] = self.argos.tokenizer.encode(plain)
        if not tokens:
            return []
        if len(tokens) <= _LONGEST_TOKENS or len(plain) < 2:
            return [tokens[: 2 * _LONGEST_TOKENS]]
        halves = shorter(plain, math.ceil(len(plain) / 2))
        return [part for half in halves if half.strip() for part in self._tokens(half)]

    def plain(self, tokens: list[str]) -> str:
        """The words that tokens stand for."""
        text: str = self.argos.tokenizer.decode(tokens)
        for prefix in self.prefix:
            text = text.strip().removeprefix(prefix)
        return " ".join(text.split())


def why(problem: Exception) -> str:
    """What is wrong with a package, in one line."""
    if isinstance(problem, BrokenPackage):
        return str(problem)
    if isinstance(problem, ImportError):
        return "argos-translate-lt is not installed"
    first = (str(problem).splitlines() or [""])[0][:200]
    return f"{type(problem).__name__}: {first}" if first else type(problem).__name__


def opened(package: Package, threads: int) -> Engine:
    """An unpacked package made ready; `threads` is how many batches it works on at once."""
    described = argos().Package(package.path)
    import ctranslate2  # noqa: PLC0415

    network = ctranslate2.Translator(
        str(package.path / "model"),
        device="cpu",
        inter_threads=threads,
        # Two threads on one sentence of a small network wait for each other more than they work.
        intra_threads=1,
    )
    engine = Engine(
        package=package,
        argos=described,
        network=network,
        model=f"argos {package.direction} {package.version}".strip(),
        prefix=[described.target_prefix] if described.target_prefix else [],
        shortlist=_has_safe_shortlist(package.path / "model"),
    )
    # Argos opens the tokenizer at its first use: better now than under somebody's first words.
    engine.argos.tokenizer.encode(TRIAL[package.source])
    return engine


@functools.cache
def keep_memory_small() -> None:
    """Has the C library share its memory among threads, and keep what is large by itself.

    Otherwise each thread keeps what it once used, and what a batch or the loading of a package
    needs for a moment leaves holes. Other C libraries than glibc have no such settings.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        for number, value in _MALLOC.values():
            library.mallopt(number, value)


def give_back() -> None:
    """Has the C library give the memory that nothing stands in back to the machine.

    What batches and the loading of packages leave free is tens of megabytes, in many pieces.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _has_safe_shortlist(model: Path) -> bool:
    """Whether the model has a shortlist that this version of CTranslate2 can use.

    It keeps the place of a piece in the shortlist of the batch before, so the piece that it
    starts with must have the same place in all of them: among the first of the vocabulary.
    """
    if not (model / "vmap.txt").is_file():
        return False
    try:
        start = json.loads((model / "config.json").read_bytes()).get("decoder_start_token", "<s>")
        pieces = json.loads((model / "shared_vocabulary.json").read_bytes())
        return start in pieces[:_ALWAYS_LISTED]
    except (OSError, ValueError, AttributeError, TypeError):
        return False


# --- Argos itself -----------------------------------------------------------------------------

_SECONDS: Final = 30
_import_lock = threading.Lock()
_XDG: Final = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")


def argos() -> Any:
    """Argos's `package` module. Importing it makes folders in the home of the user.

    They would stay empty, and a home that cannot be written would stop the hub, so it is shown
    a place for throw-away files instead. Its log is silenced: it holds what people wrote.
    """
    with _import_lock:
        before = {name: os.environ.get(name) for name in _XDG}
        if "argostranslate.settings" not in sys.modules:
            place = str(Path(tempfile.gettempdir()) / f"samrum-argos-{os.getuid()}")
            os.environ.update(dict.fromkeys(_XDG, place))
        try:
            from argostranslate import package  # noqa: PLC0415
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        logging.getLogger("argostranslate.utils").setLevel(logging.CRITICAL)
        return package


@dataclass(frozen=True)
class Offer:
    """A package that the Argos index offers. `links` are where it can be fetched."""

    source: Language
    target: Language
    version: str
    name: str
    links: tuple[str, ...]


class Unreachable(Exception):
    """The package index could not be read; the message names it."""


def offers(place: Path) -> list[Offer]:
    """The newest package per direction in the Argos index, which is fetched into `place`.

    Blocks and uses the network (`ARGOS_PACKAGE_INDEX` moves the index). Raises Unreachable.
    """
    package = argos()
    settings = package.settings
    place.mkdir(parents=True, exist_ok=True)
    index = place / "index.json"
    # Argos swallows a failed download, and would then ask for the file for ever.
    with contextlib.suppress(FileNotFoundError):
        index.unlink()
    settings.local_package_index = index
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SECONDS)
    try:
        package.update_package_index()
    finally:
        socket.setdefaulttimeout(patience)
    if not index.exists():
        raise Unreachable(f"the package index at {settings.remote_package_index} did not answer")
    try:
        return list(_newest(package.get_available_packages(), package.argospm_package_name))
    except (ValueError, TypeError, AttributeError):
        raise Unreachable(f"{settings.remote_package_index} is no package index") from None


def _newest(available: list[Any], name: Callable[[Any], str]) -> Iterator[Offer]:
    for source, target in DIRECTIONS:
        fitting = [
            each
            for each in available
            if (each.from_code, each.to_code) == (source, target) and each.type == "translate"
        ]
        if fitting:
            best = max(fitting, key=lambda each: shelf.order(each.package_version))
            links = tuple(link for link in best.links if link.startswith(("http:", "https:")))
            yield Offer(source, target, best.package_version, name(best), links)
