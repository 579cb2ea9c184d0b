"""Five hundred texts that nobody should have to translate, and an oracle for what comes out.

The texts lie in `data/nasty.jsonl`: single words, capitals, typos, emoji, drawn-out letters, code,
poems, 5,000 letters, twenty other languages, marks that nobody sees, addresses, numbers, lists, and
both languages in one. The oracle shares no code with the hub: it has its own few words of both
languages and counts for itself. It knows nothing of good translations, only of what cannot be one.
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections import Counter
from pathlib import Path

DATA = Path(__file__).parent / "data" / "nasty.jsonl"


def texts() -> list[str]:
    """The texts; no two are alike."""
    return [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_OF_SWEDISH = _set(
    "och att det som en är av på jag inte har med till den var ett men vi hon han ska för sig så "
    "när mig min vad eller efter från kan ingen något"
)
_OF_ENGLISH = _set(
    "the and of to is that it was not with she he we they you this what my me have had but who "
    "did do from an are were be when nobody anything"
)
_NAMED = {
    "0": "noll|zero", "1": "en|ett|one|an", "2": "två|two", "3": "tre|three", "4": "fyra|four",
    "5": "fem|five", "6": "sex|six", "7": "sju|seven", "8": "åtta|eight", "9": "nio|nine",
    "10": "tio|ten", "11": "elva|eleven", "12": "tolv|twelve",
}  # fmt: skip
_KEPT = re.compile(r"(?:https?://|ftp://|www\.)[^\s<>\"')\]]+|[\w.+-]+@[\w-]+\.\w+")


def debris(source: str, output: str) -> str | None:
    """What no output may have, marked or not; None if it is clean."""
    return _unprintable(source, output) or (
        "it goes on and on" if len(output) > 6 * len(source) + 100 else None
    )


def complaint(source: str, output: str, target: str) -> str | None:
    """Why an output that is not marked cannot be a translation into `target`; None if it may be."""
    return (
        debris(source, output)
        or _missing(source, output)
        or _odd_length(source, output)
        or _stuck(source, output)
        or _not_in(source, output, target)
    )


def _unprintable(source: str, output: str) -> str | None:
    if any(mark in output and mark not in source for mark in ("\ufffd", "⁇", "<unk>", "▁", "__")):
        return "debris of the engine"
    new = {c for c in output if unicodedata.category(c) in {"Cc", "Cs", "Co"}} - set(source)
    return f"control characters {sorted(map(ord, new))}" if new else None


def _missing(source: str, output: str) -> str | None:
    gone = [kept for kept in _KEPT.findall(source) if kept.rstrip(".,;") not in output]
    if gone:
        return f"an address is gone: {gone[0][:40]}"
    pictures = Counter(c for c in source if unicodedata.category(c) == "So" and ord(c) > 0x1F000)
    if pictures - Counter(output):
        return "an emoji is gone"
    heard = output.casefold()
    digits = re.sub(r"(?<=\d)[\s.,\u00a0](?=\d{3}\b)", "", output)
    for number in re.findall(r"\d+", re.sub(r"(?<=\d)[\s.,\u00a0](?=\d{3}\b)", "", source)):
        if number not in digits and not _is_named(number, heard):
            return f"the number {number} is gone"
    return None


def _is_named(number: str, heard: str) -> bool:
    spelled = _NAMED.get(number.lstrip("0") or "0", "")
    return bool(spelled) and re.search(rf"\b(?:{spelled})\b", heard) is not None


def _odd_length(source: str, output: str) -> str | None:
    given, got = (sum(map(str.isalnum, text)) for text in (source, output))
    if got > 3 * given + 25:
        return f"{given} letters became {got}"
    if given >= 3 and got < given / 4:
        return f"of {given} letters {got} are left"
    lines = [len([line for line in text.splitlines() if line.strip()]) for text in (source, output)]
    return None if lines[0] == lines[1] else f"{lines[0]} lines became {lines[1]}"


def _stuck(source: str, output: str) -> str | None:
    given, got = _runs(source), _runs(output)
    return f"something is said {got} times" if got >= 3 and got > given + 1 else None


def _runs(text: str) -> int:
    """How many times in a row the same one to four words come, at most."""
    said = re.findall(r"\w+", text.casefold())
    most = 1
    for size in range(1, 5):
        for start in range(size):
            groups = zip(*(said[start + n :: size] for n in range(size)), strict=False)
            most = max(most, *(len(list(alike)) for _, alike in itertools.groupby(groups)), 1)
    return most


def _not_in(source: str, output: str, target: str) -> str | None:
    wrong, right = (_OF_ENGLISH, _OF_SWEDISH) if target == "sv" else (_OF_SWEDISH, _OF_ENGLISH)
    said = re.findall(r"\w+", output.casefold())
    left = sum(word in wrong for word in said)
    if left >= 3 and left > sum(word in right for word in said):
        return f"{left} words of the other language are left"
    given = re.findall(r"\w+", source.casefold())
    foreign = sum(word in wrong for word in given)
    if foreign >= 3 and foreign > sum(word in right for word in given) and said == given:
        return "it was left as it is"
    return None
