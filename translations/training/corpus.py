"""Read the parallel corpus: one file a source, one pair a line."""

import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """One sentence or turn in both languages; ``origin`` is the language it was thought in."""

    english: str
    swedish: str
    origin: str = ""


@dataclass(frozen=True)
class Source:
    """One file of the corpus. ``group`` is ``own`` for pairs written for this project."""

    name: str
    group: str
    path: Path

    def pairs(self) -> list[Pair]:
        """Return the pairs of the file; lines that are not pairs are left out."""
        return list(read_pairs(self.path))


def read_pairs(path: Path) -> Iterator[Pair]:
    """Yield the pairs of a .tsv or .tsv.xz file (columns: [origin,] English, Swedish)."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf8") as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            if len(cells) in (2, 3) and cells[-1].strip() and cells[-2].strip():
                yield Pair(cells[-2].strip(), cells[-1].strip(), cells[0] if cells[2:] else "")


def sources(folder: Path) -> list[Source]:
    """Return the sources of a corpus folder: NAME.tsv.xz beside own/NAME.tsv."""
    shared = [Source(path.name.split(".")[0], "", path) for path in sorted(folder.glob("*.tsv.xz"))]
    own = [
        Source(f"own_{path.stem}", "own", path) for path in sorted((folder / "own").glob("*.tsv"))
    ]
    return shared + own
