"""Measure packages: BLEU and chrF++ on test files, the five hand-made checks, speed and memory.

Usage: python -m translations.training.evaluate PACKAGE_FOLDER [--test FILE.tsv ...] [--checks]
           [--speed] [--json OUT.json] [--show 5]

PACKAGE_FOLDER holds one .argosmodel a direction. Test files are tab-separated: [origin,] English,
Swedish. A turn is split into sentences, translated one by one and joined, as the hub does it.
"""

import argparse
import json
import resource
import shutil
import tempfile
import time
import zipfile
from pathlib import Path

import ctranslate2
import sacrebleu
import sentencepiece as spm

from translations.training import corpus, handmade
from translations.training.leaks import sentences

HERE = Path(__file__).parent
DIRECTIONS = ("en_sv", "sv_en")
FIFTEEN_WORDS = {
    "en_sv": "When my mother came home from the hospital nobody had told the home care service.",
    "sv_en": "När min mamma kom hem från sjukhuset hade ingen berättat det för hemtjänsten i går.",
}


class Package:
    """One direction, loaded with CTranslate2 alone, decoded as argostranslate does it."""

    def __init__(self, path: Path, threads: int, beam: int) -> None:
        self.folder = Path(tempfile.mkdtemp())
        with zipfile.ZipFile(path) as archive:
            archive.extractall(self.folder)
        (inner,) = self.folder.iterdir()
        began = time.perf_counter()
        self.processor = spm.SentencePieceProcessor(model_file=str(inner / "sentencepiece.model"))
        self.translator = ctranslate2.Translator(
            str(inner / "model"), inter_threads=1, intra_threads=threads, compute_type="int8"
        )
        self.load_seconds = time.perf_counter() - began
        self.beam = beam

    def close(self) -> None:
        """Remove the unpacked files."""
        shutil.rmtree(self.folder)

    def sentences(self, texts: list[str], batch: int = 16) -> list[str]:
        """Translate sentences, each by itself."""
        results = self.translator.translate_batch(
            [self.processor.encode(text, out_type=str) for text in texts],
            beam_size=self.beam,
            max_batch_size=batch,
            replace_unknowns=True,
            length_penalty=0.2,
        )
        return [self.processor.decode(result.hypotheses[0]).strip() for result in results]

    def turns(self, texts: list[str]) -> list[str]:
        """Translate turns of several sentences, sentence by sentence."""
        parts = [sentences(text) or [text] for text in texts]
        flat = iter(self.sentences([part for turn in parts for part in turn]))
        return [" ".join(next(flat) for _ in turn) for turn in parts]


def scores(package: Package, path: Path, direction: str, show: int) -> dict:
    """Return BLEU, chrF and chrF++ of one test file, with their signatures."""
    pairs = list(corpus.read_pairs(path))
    source = [p.english if direction == "en_sv" else p.swedish for p in pairs]
    wanted = [p.swedish if direction == "en_sv" else p.english for p in pairs]
    began = time.perf_counter()
    got = package.turns(source)
    seconds = time.perf_counter() - began
    metrics = {
        "BLEU": sacrebleu.BLEU(),
        "chrF": sacrebleu.CHRF(),
        "chrF++": sacrebleu.CHRF(word_order=2),
    }
    out: dict = {"pairs": len(pairs), "ms a pair": round(seconds / len(pairs) * 1000, 1)}
    for name, metric in metrics.items():
        out[name] = round(metric.corpus_score(got, [wanted]).score, 1)
        out[f"{name} signature"] = str(metric.get_signature())
    for triple in list(zip(source, wanted, got, strict=True))[:show]:
        print("\n".join(f"  {n}: {t}" for n, t in zip(("in", "ref", "out"), triple, strict=True)))
    return out


def speed(package: Package, direction: str, repeats: int = 30) -> dict:
    """Return milliseconds for a sentence of fifteen words, one at a time."""
    text = [FIFTEEN_WORDS[direction]]
    package.sentences(text)
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        package.sentences(text)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return {"median ms": round(times[repeats // 2], 1), "slowest ms": round(times[-1], 1)}


def resident_mb() -> float:
    """Return the process's largest resident size so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Command line: see the module's description."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("packages", type=Path)
    parser.add_argument("--test", type=Path, nargs="*", default=[HERE / "heldout-dialogue.tsv"])
    parser.add_argument("--checks", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--beam", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--show", type=int, default=0, help="translations to print a file")
    parser.add_argument("--failures", action="store_true", help="print the checks that failed")
    options = parser.parse_args()
    report: dict = {"beam": options.beam, "threads": options.threads}
    base = resident_mb()
    loaded = {}
    for direction in DIRECTIONS:
        (path,) = options.packages.glob(f"translate-{direction}-*.argosmodel")
        loaded[direction] = Package(path, options.threads, options.beam)
        report[direction] = {"package": path.name, "MB": round(path.stat().st_size / 1e6, 2)}
        report[direction]["load seconds"] = round(loaded[direction].load_seconds, 3)
    for direction, package in loaded.items():
        if options.speed:
            report[direction]["speed"] = speed(package, direction)
            print(direction, report[direction]["speed"])
    report["resident MB"] = {"before loading": round(base), "both": round(resident_mb())}
    for direction, package in loaded.items():
        for path in options.test:
            result = scores(package, path, direction, options.show)
            report[direction][path.name] = result
            shown = " ".join(f"{k} {result[k]}" for k in ("BLEU", "chrF", "chrF++", "ms a pair"))
            print(f"{direction} {path.name} {shown}", flush=True)
        for path in handmade.files() if options.checks else []:
            checks = [c for c in handmade.read(path) if c.direction == direction]
            got = package.sentences([c.source for c in checks])
            failed = [(c, g) for c, g in zip(checks, got, strict=True) if not c.holds(g)]
            report[direction][path.stem] = f"{len(checks) - len(failed)} of {len(checks)}"
            print(direction, path.stem, report[direction][path.stem])
            for check, translation in failed if options.failures else []:
                print(f"   {check.source}  ->  {translation}")
        package.close()
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
