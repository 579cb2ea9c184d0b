"""The packages that come with the hub, and the plain parts of how they were made."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from translations.training import corpus, handmade, noise, patterns

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "translations" / "models"
TRAINING = ROOT / "translations" / "training"
DIRECTIONS = ("sv_en", "en_sv")

# Runs by itself: what argostranslate caches and where it looks is set when it is imported.
ALONE = """
import json, os, socket, sys

def refuse(*_args, **_options):
    raise OSError("the network is off")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
home, packages, texts = sys.argv[1], sys.argv[2].split(os.pathsep), json.loads(sys.argv[3])
for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
    os.environ[name] = home
os.environ["ARGOS_PACKAGES_DIR"] = os.path.join(home, "packages")
os.environ["ARGOS_INTRA_THREADS"] = "1"
import argostranslate.package
import argostranslate.translate

for package in packages:
    argostranslate.package.install_from_path(package)
out = [argostranslate.translate.translate(text, a, b) for a, b, text in texts]
print(json.dumps(out))
"""

# How many of forty hand-made sentences came through when the packages were shipped.
SHIPPED = {
    "sv_en": {"names": 36, "negation": 40, "numbers": 40, "questions": 40, "roles": 39},
    "en_sv": {"names": 38, "negation": 40, "numbers": 39, "questions": 40, "roles": 35},
}


def archive(direction: str) -> Path:
    """The one package of a direction."""
    (path,) = MODELS.glob(f"translate-{direction}-*.argosmodel")
    return path


def test_both_packages_fit_in_sixty_megabytes() -> None:
    assert sum(archive(direction).stat().st_size for direction in DIRECTIONS) <= 60_000_000


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_package_holds_what_it_needs(direction: str) -> None:
    source, target = direction.split("_")
    folder = f"translate-{direction}/"
    with zipfile.ZipFile(archive(direction)) as package:
        names = set(package.namelist())
        metadata = json.loads(package.read(folder + "metadata.json"))
        config = json.loads(package.read(folder + "model/config.json"))
    assert {folder + "model/model.bin", folder + "sentencepiece.model"} <= names
    assert folder + "minisbd/split.onnx" in names, "without it a splitter would be downloaded"
    assert (metadata["from_code"], metadata["to_code"]) == (source, target)
    assert metadata["package_version"].replace(".", "_") in archive(direction).name
    assert config["decoder_start_token"] == f"__{target}__"


def test_the_packages_translate_through_argostranslate_alone(tmp_path: Path) -> None:
    texts = [
        ("sv", "en", "Hej! Jag vill inte ha fler tabletter. Mötet börjar kl. 14.30."),
        ("en", "sv", "Where is the toilet? Nobody told us about it, Kerstin."),
    ]
    packages = ":".join(str(archive(direction)) for direction in DIRECTIONS)
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(tmp_path), packages, json.dumps(texts)],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    english, swedish = json.loads(done.stdout.splitlines()[-1])
    assert re.search(r"don't|do not", english)
    assert re.search(r"14[.:]30|2[.:]30", english)
    assert "?" in swedish
    assert "Ingen" in swedish
    assert "Kerstin" in swedish


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_five_checks_have_not_got_worse(direction: str, tmp_path: Path) -> None:
    ctranslate2 = pytest.importorskip("ctranslate2")
    sentencepiece = pytest.importorskip("sentencepiece")
    with zipfile.ZipFile(archive(direction)) as package:
        package.extractall(tmp_path)
    folder = tmp_path / f"translate-{direction}"
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.model"))
    network = ctranslate2.Translator(str(folder / "model"), compute_type="int8", intra_threads=1)
    passed = {}
    for path in handmade.files():
        checks = [check for check in handmade.read(path) if check.direction == direction]
        results = network.translate_batch(
            [pieces.encode(check.source, out_type=str) for check in checks],
            beam_size=4,
            length_penalty=0.2,
            max_batch_size=16,
        )
        translations = [pieces.decode(result.hypotheses[0]) for result in results]
        passed[path.stem] = sum(map(handmade.Check.holds, checks, translations))
    # Rounding differs between processors: one sentence more or less is no change of the model.
    assert all(passed[name] >= count - 1 for name, count in SHIPPED[direction].items()), passed


def test_there_are_forty_checks_of_each_kind_and_direction() -> None:
    assert {path.stem for path in handmade.files()} == set(SHIPPED["sv_en"])
    for path in handmade.files():
        checks = handmade.read(path)
        assert Counter(check.direction for check in checks) == {"sv_en": 40, "en_sv": 40}
        for check in checks:
            for pattern in (*check.must, check.must_not):
                re.compile(pattern)


def test_a_check_fails_on_a_wrong_translation() -> None:
    check = handmade.Check("sv_en", "Jag kan inte.", (r"\b(not|can't)\b",), r"\?")
    assert check.holds("I can't.")
    assert not check.holds("I can.")
    assert not check.holds("Can't I?")


def test_the_held_out_dialogue_is_whole() -> None:
    pairs = list(corpus.read_pairs(TRAINING / "heldout-dialogue.tsv"))
    assert Counter(pair.origin for pair in pairs) == {"sv": 100, "en": 100}
    assert len({pair.swedish for pair in pairs}) == 200


def test_the_own_pairs_are_pairs() -> None:
    lines = (TRAINING / "own-more.tsv").read_text(encoding="utf8").splitlines()
    pairs = list(corpus.read_pairs(TRAINING / "own-more.tsv"))
    assert len(pairs) == len(lines)
    held_out = {pair.swedish for pair in corpus.read_pairs(TRAINING / "heldout-dialogue.tsv")}
    assert held_out.isdisjoint(pair.swedish for pair in pairs)


def test_noise_is_repeatable_and_never_empty() -> None:
    texts = ("Jag vill inte, tack.", "Don't worry, it's fine!", "!", "Å")
    for language in noise.LANGUAGES:
        for text in texts:
            once = [noise.noisy(text, language, random.Random(seed)) for seed in range(50)]
            again = [noise.noisy(text, language, random.Random(seed)) for seed in range(50)]
            assert once == again
            assert all(once)


def test_names_and_numbers_change_on_both_sides() -> None:
    english, swedish = "Kerstin took 3 tablets in 1998.", "Kerstin tog 3 tabletter 1998."
    swapped = noise.swap_names_and_numbers(english, swedish, random.Random(1), frozenset())
    assert swapped is not None
    left, right = swapped
    name = left.split(" ", maxsplit=1)[0]
    assert name in noise.NAMES
    assert right.startswith(name)
    assert re.findall(r"\d+", left) == re.findall(r"\d+", right) != ["3", "1998"]
    assert noise.swap_names_and_numbers("Hello.", "Hej.", random.Random(1), frozenset()) is None


@pytest.mark.parametrize(
    ("number", "english", "swedish"),
    [
        (7, "seven", "sju"),
        (42, "forty-two", "fyrtiotvå"),
        (100, "a hundred", "etthundra"),
        (321, "three hundred and twenty-one", "trehundratjugoen"),
    ],
)
def test_numbers_in_words(number: int, english: str, swedish: str) -> None:
    assert patterns.number_words(number) == (english, swedish)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_batches_with_other_shortlists_say_what_each_says_alone(
    direction: str, tmp_path: Path
) -> None:
    """What a batch leaves behind in the decoder must not change where the next one starts."""
    ctranslate2 = pytest.importorskip("ctranslate2")
    sentencepiece = pytest.importorskip("sentencepiece")
    with zipfile.ZipFile(archive(direction)) as package:
        package.extractall(tmp_path)
    folder = tmp_path / f"translate-{direction}"
    assert (folder / "model" / "vmap.txt").is_file()
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.model"))
    texts = [
        pieces.encode(pair.swedish if direction == "sv_en" else pair.english, out_type=str)
        for pair in list(corpus.read_pairs(TRAINING / "heldout-dialogue.tsv"))[:12]
    ]

    def say(network: Any, text: list[str]) -> list[str]:
        found = network.translate_batch([text], beam_size=4, use_vmap=True)
        return list(found[0].hypotheses[0])

    def opened() -> Any:
        return ctranslate2.Translator(str(folder / "model"), intra_threads=1)

    one = opened()
    assert [say(one, text) for text in texts] == [say(opened(), text) for text in texts]
