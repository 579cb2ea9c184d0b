"""The five hand-made checks: negation, numbers, who does what to whom, questions, names.

Each file in checks/ has the columns direction, source, must and must_not. ``must`` holds regular
expressions joined by " && ", all of which a right translation contains; ``must_not`` one that it
does not contain. Case is ignored unless an expression says otherwise.
"""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "checks"


@dataclass(frozen=True)
class Check:
    """One sentence; direction is "sv_en" or "en_sv"."""

    direction: str
    source: str
    must: tuple[str, ...]
    must_not: str

    def holds(self, translation: str) -> bool:
        """Tell whether a translation passes."""
        found = all(re.search(pattern, translation, re.IGNORECASE) for pattern in self.must)
        unwanted = self.must_not and re.search(self.must_not, translation, re.IGNORECASE)
        return found and not unwanted


def read(path: Path) -> list[Check]:
    """Return the checks of one file, both directions."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf8").splitlines()[1:]]
    return [
        Check(row[0], row[1], tuple(p for p in row[2].split(" && ") if p), row[3]) for row in rows
    ]


def files() -> list[Path]:
    """Return the files of checks, by name."""
    return sorted(FOLDER.glob("*.tsv"))
