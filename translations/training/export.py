"""Turn half-precision weights into CTranslate2 int8 and two .argosmodel packages.

Several weights files are averaged first. Both packages hold the same joint model and differ in the
decoder's start token; each carries its sentence splitter, so it loads and translates through
argostranslate alone, with the network off.

Usage: python -m translations.training.export WEIGHTS.half.pt [MORE.half.pt ...]
           --sentencepiece sentencepiece.model --out FOLDER --version 1.0
"""

import argparse
import json
import shutil
import zipfile
from pathlib import Path

import ctranslate2
import numpy as np
import sentencepiece as spm
import torch
from ctranslate2.specs import common_spec, transformer_spec
from sentencepiece import sentencepiece_model_pb2 as pb

from translations.training import splitter

LANGUAGES = {"sv": "Swedish", "en": "English"}
POSITIONS = 512  # pieces read or written at most; the last trained one is repeated
QUOTES = {'"': "\u201c\u201d\u201e\u00ab\u00bb", "'": "\u2019\u2018\u00b4", "-": "\u2011\u2010"}
NEVER = -1e4  # bias of pieces that are read but never written
PACKAGE_README = """# {source}-{target}

Small joint Swedish-English transformer, trained for the Samrum hub on the parallel text that its
model card lists. Encoder and decoder start from multilingual-e5-small (MIT, intfloat). It may be
wrong: show the original beside the translation.
"""

Weights = dict[str, np.ndarray]


def average(paths: list[Path]) -> tuple[Weights, dict, dict]:
    """Return the mean of the weights in ``paths``, with the first file's shape and record."""
    loaded = [torch.load(path, map_location="cpu", weights_only=True) for path in paths]
    weights = {
        key: np.mean([one["model"][key].float().numpy() for one in loaded], axis=0)
        for key in loaded[0]["model"]
    }
    return weights, loaded[0]["shape"], loaded[0]["record"]


def with_quotes(model: pb.ModelProto) -> list[int]:
    """Add typographic quotes and hyphens as pieces beside the plain ones they stand for.

    Returns the numbers of the plain pieces, in the order of the added ones.
    """
    pieces = [piece.piece for piece in model.pieces]
    known, rows = set(pieces), []
    for plain, others in QUOTES.items():
        for other in others:
            for number, piece in enumerate(pieces):
                new = piece.replace(plain, other)
                if plain in piece and new not in known:
                    same = model.pieces[number]
                    model.pieces.add(piece=new, score=same.score, type=same.type)
                    known.add(new)
                    rows.append(number)
    model.trainer_spec.vocab_size = len(model.pieces)
    return rows


def positions(table: np.ndarray) -> np.ndarray:
    """Lengthen a table of learned positions by repeating its last row."""
    missing = max(0, POSITIONS - len(table))
    return np.concatenate([table, np.repeat(table[-1:], missing, 0)]).astype(np.float32)


def specification(weights: Weights, shape: dict, rows: list[int]) -> object:
    """Lay the weights into a CTranslate2 model; ``rows`` are the doubled embedding rows."""
    spec = transformer_spec.TransformerSpec.from_config(
        (len(shape["encoder_layers"]), len(shape["decoder_layers"])),
        shape["heads"],
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        layernorm_embedding=True,
    )

    def norm(target: object, key: str) -> None:
        target.gamma, target.beta = weights[key + ".weight"], weights[key + ".bias"]

    def linear(target: object, *keys: str) -> None:
        target.weight = np.concatenate([weights[key + ".weight"] for key in keys])
        target.bias = np.concatenate([weights[key + ".bias"] for key in keys])

    def layer(target: object, key: str, decoder: bool) -> None:
        linear(target.self_attention.linear[0], *(f"{key}.sa.{part}" for part in "qkv"))
        linear(target.self_attention.linear[1], f"{key}.sa.o")
        norm(target.self_attention.layer_norm, f"{key}.n1")
        if decoder:
            linear(target.attention.linear[0], f"{key}.ca.q")
            linear(target.attention.linear[1], f"{key}.ca.k", f"{key}.ca.v")
            linear(target.attention.linear[2], f"{key}.ca.o")
            norm(target.attention.layer_norm, f"{key}.n2")
        linear(target.ffn.linear_0, f"{key}.f1")
        linear(target.ffn.linear_1, f"{key}.f2")
        norm(target.ffn.layer_norm, f"{key}.n3")

    table = np.concatenate([weights["emb.weight"], weights["emb.weight"][rows]])
    encoder, decoder = spec.encoder, spec.decoder
    embeddings = encoder.embeddings
    (embeddings[0] if isinstance(embeddings, list) else embeddings).weight = table
    decoder.embeddings.weight = table
    decoder.projection.weight = table
    decoder.projection.bias = np.concatenate(
        [weights["bias"], np.full(len(rows), NEVER, np.float32)]
    )
    encoder.position_encodings.encodings = positions(weights["pe.weight"])
    decoder.position_encodings.encodings = positions(weights["pd.weight"])
    norm(encoder.layernorm_embedding, "le")
    norm(decoder.layernorm_embedding, "ld")
    encoder.scale_embeddings = decoder.scale_embeddings = False
    for number, target in enumerate(encoder.layer):
        layer(target, f"E.{number}", False)
    for number, target in enumerate(decoder.layer):
        layer(target, f"D.{number}", True)
    return spec


def convert(
    weights: Weights, shape: dict, sentencepiece: Path, folder: Path, quantization: str
) -> None:
    """Write ``folder``/model (CTranslate2) and ``folder``/sentencepiece.model."""
    model = pb.ModelProto()
    model.ParseFromString(sentencepiece.read_bytes())
    rows = with_quotes(model)
    (folder / "sentencepiece.model").write_bytes(model.SerializeToString())
    processor = spm.SentencePieceProcessor(model_file=str(folder / "sentencepiece.model"))
    pieces = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
    spec = specification(weights, shape, rows)
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = "<s>", "</s>", "<unk>"
    spec.config.decoder_start_token = "__sv__"
    spec.config.add_source_bos = spec.config.add_source_eos = True
    spec.config.layer_norm_epsilon = 1e-5
    spec.validate()
    spec.optimize(quantization=quantization)
    shutil.rmtree(folder / "model", ignore_errors=True)
    (folder / "model").mkdir()
    spec.save(str(folder / "model"))


def package(folder: Path, source: str, target: str, version: str) -> Path:
    """Pack ``folder`` as translate-SOURCE_TARGET-VERSION.argosmodel; returns its path."""
    name = f"translate-{source}_{target}"
    path = folder / f"{name}-{version.replace('.', '_')}.argosmodel"
    config = json.loads((folder / "model" / "config.json").read_text())
    config["decoder_start_token"] = f"__{target}__"
    metadata = {
        "package_version": version,
        "argos_version": "1.9.0",
        "from_code": source,
        "from_name": LANGUAGES[source],
        "to_code": target,
        "to_name": LANGUAGES[target],
    }
    readme = PACKAGE_README.format(source=LANGUAGES[source], target=LANGUAGES[target])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for part in sorted((folder / "model").iterdir()):
            if part.name != "config.json":
                archive.write(part, f"{name}/model/{part.name}")
        archive.writestr(f"{name}/model/config.json", json.dumps(config, indent=1))
        archive.write(folder / "sentencepiece.model", f"{name}/sentencepiece.model")
        archive.writestr(f"{name}/minisbd/split.onnx", splitter.build().SerializeToString())
        archive.writestr(f"{name}/metadata.json", json.dumps(metadata, indent=1))
        archive.writestr(f"{name}/README.md", readme)
    return path


def main() -> None:
    """Command line: see the module's description."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--sentencepiece", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--quantization", default="int8")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    weights, shape, record = average(options.weights)
    convert(weights, shape, options.sentencepiece, options.out, options.quantization)
    for source, target in (("sv", "en"), ("en", "sv")):
        path = package(options.out, source, target, options.version)
        print(f"{path} {path.stat().st_size / 1e6:.2f} MB")
    record = record | {"version": options.version, "quantization": options.quantization}
    record |= {
        "averaged": [p.name for p in options.weights],
        "ctranslate2": ctranslate2.__version__,
    }
    (options.out / "record.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
