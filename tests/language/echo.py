"""A stand-in translator that writes `[en] …`, so that a test sees which text came from where."""

from __future__ import annotations

from collections.abc import Sequence

from hub.language.glossary import Term
from hub.language.packages import Package
from hub.language.text import Language
from hub.language.translator import Translated


class EchoTranslator:
    """Has the interface of `hub.language.translator.Translator` and translates nothing.

    Set `failing` to a reason such as `no_package` to have every text fail; `asked` keeps what
    was asked for, in order.
    """

    def __init__(self, *, failing: str | None = None, builtin: bool = False) -> None:
        self.failing = failing
        self.builtin = builtin
        self.at_once = 1
        self.waiting = 0
        self.asked: list[tuple[str, Language, Language]] = []

    async def start(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to let go of."""

    def packages(self) -> list[Package]:
        """None at all."""
        return []

    def state(self) -> dict[str, str]:
        """Both directions are there, unless they are failing."""
        found = {None: "ok", "no_package": "missing"}.get(self.failing, f"broken: {self.failing}")
        return dict.fromkeys(("sv-en", "en-sv"), found)

    async def reload(self) -> bool:
        """Nothing ever changes."""
        return False

    async def translate(
        self,
        texts: Sequence[str],
        *,
        source: Language,
        target: Language,
        names: Sequence[str] = (),
        terms: Sequence[Term] = (),
    ) -> list[Translated]:
        """The texts with their target language before them."""
        self.asked += [(text, source, target) for text in texts]
        if self.failing:
            return [Translated("", "failed", self.failing, None, "") for _ in texts]
        return [Translated(f"[{target}] {text}", "machine", None, None, "echo") for text in texts]
