"""Swedish or English: py3langid, cut down to what these two languages need.

As it comes it holds the tables of 140 languages in all scripts, 50 MB. Here are kept the columns
of the two, and of its automaton the states that Latin letters lead to.
"""

from __future__ import annotations

import functools
from array import array
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LANGUAGES: Final = ("sv", "en")
# In UTF-8: ASCII, the leads of Latin letters with accents, and those of dashes and quotation marks.
_LATIN_BYTES: Final = (*range(0x20, 0x7F), 0xC2, 0xC3, 0xC4, 0xC5, 0xE2, *range(0x80, 0xC0))
_ROOT: Final = 0


def classify(text: str) -> tuple[str, float]:
    """`sv` or `en`, whichever the text is more like, and how sure that is (0.5 to 1).

    What is in no Latin letters counts for nothing. The first call takes half a second.
    """
    language, sureness = _identifier().classify(text)
    return language, sureness


@functools.cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    # It keeps the other columns in case somebody wants them back.
    identifier._full_model = (identifier.nb_ptc, identifier.nb_pc, identifier.nb_classes)
    _cut_down(identifier)
    return identifier


def _cut_down(identifier: Any) -> None:
    """Keeps the states of the automaton that Latin letters lead to, numbered anew.

    A byte that leads elsewhere begins again, as one does that is part of no known sequence.
    """
    import numpy  # noqa: PLC0415

    rows = numpy.asarray(identifier.tk_nextmove).reshape(-1, 256)
    row_of = numpy.asarray(identifier.tk_row)
    kept = numpy.zeros(len(row_of), bool)
    kept[_ROOT] = True
    new = numpy.array([_ROOT])
    while len(new):
        before = kept.copy()
        kept[rows[row_of[new]][:, _LATIN_BYTES]] = True
        new = numpy.flatnonzero(kept & ~before)
    states = numpy.flatnonzero(kept)
    number = numpy.zeros(len(row_of), rows.dtype)
    number[states] = numpy.arange(len(states))
    used, row_of = numpy.unique(row_of[states], return_inverse=True)
    narrow = numpy.uint16 if len(states) <= 1 << 16 else numpy.uint32
    identifier.tk_nextmove = _packed(number[rows[used]].astype(narrow))
    identifier.tk_row = _packed(row_of.astype(numpy.uint32))
    identifier._rowbase = _packed((row_of * 256).astype(numpy.uint32))
    output = numpy.asarray(identifier.tk_output)[states]
    identifier.tk_output = _packed(output.astype(numpy.int32))


def _packed(values: Any) -> array[int]:
    """As the plain arrays of Python that are quickest to read one by one."""
    packed = array({"uint16": "H", "uint32": "I", "int32": "i"}[values.dtype.name])
    packed.frombytes(values.tobytes())
    return packed
