"""Write a tiny sentence splitter as an ONNX graph, in the form that argostranslate expects.

A package with minisbd/*.onnx inside is split by that file, so nothing has to be fetched before the
first translation. The graph holds rules, no learned weights: a sentence ends

- at . ! ? or an ellipsis (or a closing quote or bracket right after one) before a space, when a
  capital, a digit, a quote or a dash follows;
- at ! ? or an ellipsis before a space, whatever follows;
- at a full stop before a space and a small letter, when a word of four letters or more stands
  before it (so "kl. fem" and "t.ex. den" stay together, and phone writing is split);

but never after Mr, Mrs, Ms, Dr, an initial, or an abbreviation with an inner full stop, and before
a digit only after a word of four letters or more.

Usage: python -m translations.training.splitter OUT.onnx
"""

import argparse
import json
import string
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ENDS, CLOSERS, OPENERS, DASHES = ".!?…", "\"”’')]»", "\"”“'‘(«[", "-–—"
LETTERS = string.ascii_letters + "åäöÅÄÖéÉüÜèàáíóúøæØÆñç"
UNITS = ["<PAD>", "<UNK>", *dict.fromkeys(" " + ENDS + CLOSERS + OPENERS + DASHES + LETTERS)]
UNITS += list(string.digits)


class Graph:
    """Builds boolean rules over characters; each value is the name of a (batch, length) tensor."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, array: np.ndarray) -> str:
        """Add a constant and return its name."""
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(self, operator: str, *inputs: str, **attributes: object) -> str:
        """Add a node with one output and return that output's name."""
        name = f"value{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def one_of(self, characters: str) -> str:
        """Where a character is one of ``characters`` (1.0) or not (0.0)."""
        table = np.array([unit in characters and len(unit) == 1 for unit in UNITS], np.float32)
        return self.node("Gather", self.constant(table), "units")

    def shifted(self, value: str, by: int) -> str:
        """The value ``by`` characters further on (before, when negative); 0.0 outside."""
        pads = [0, max(0, -by), 0, max(0, by)]
        padded = self.node("Pad", value, self.constant(np.array(pads, np.int64)))
        starts, axes = np.array([max(0, by)], np.int64), np.array([1], np.int64)
        last = np.array([np.iinfo(np.int64).max if by >= 0 else by], np.int64)
        return self.node(
            "Slice", padded, self.constant(starts), self.constant(last), self.constant(axes)
        )

    def every(self, *values: str) -> str:
        """Where all values hold."""
        out = values[0]
        for value in values[1:]:
            out = self.node("Mul", out, value)
        return out

    def some(self, *values: str) -> str:
        """Where one of the values holds."""
        out = values[0]
        for value in values[1:]:
            out = self.node("Max", out, value)
        return out

    def no(self, value: str) -> str:
        """Where the value does not hold."""
        return self.node("Sub", self.constant(np.array(1.0, np.float32)), value)


def build() -> onnx.ModelProto:
    """Return the splitter: units (batch, length) and features in, scores of three classes out."""
    g = Graph()
    space, stop, end = g.one_of(" "), g.one_of("."), g.one_of(ENDS)
    letter, digit = g.one_of(LETTERS), g.one_of(string.digits)
    capital = g.one_of("".join(c for c in LETTERS if c.isupper()))
    mark, closer = g.one_of(ENDS.replace(".", "")), g.one_of(CLOSERS)

    def back(value: str, by: int) -> str:
        return g.shifted(value, -by)

    long_word = g.every(*(back(letter, by) for by in (1, 2, 3, 4)))
    title = g.some(
        g.every(back(g.one_of("DM"), 2), back(g.one_of("rs"), 1)),
        g.every(back(g.one_of("M"), 3), back(g.one_of("r"), 2), back(g.one_of("s"), 1)),
    )
    word_before = g.some(back(letter, 2), back(digit, 2))
    initial = g.every(back(capital, 1), g.no(word_before))
    inner_stop = g.some(
        *(
            g.every(back(stop, size + 1), *(back(letter, by) for by in range(1, size + 1)))
            for size in (1, 2, 3)
        )
    )
    abbreviation = g.every(stop, g.some(title, initial, inner_stop))
    before_space = g.shifted(space, 1)
    following = g.some(capital, g.one_of(OPENERS), g.one_of(DASHES))
    starts = g.shifted(following, 2)
    small, number = g.shifted(g.every(letter, g.no(capital)), 2), g.shifted(digit, 2)
    allowed = g.some(
        starts,
        mark,
        g.every(g.some(small, number), long_word),
    )
    plain = g.every(end, before_space, g.no(abbreviation), allowed)
    quoted = g.every(closer, back(end, 1), before_space, starts)
    splits = g.some(plain, quoted)
    three = g.node("Unsqueeze", splits, g.constant(np.array([2], np.int64)))
    half = g.constant(np.array([[[0.5, 0.0]]], np.float32))
    same = g.node("Mul", three, g.constant(np.array([[[0.0, 0.0]]], np.float32)))
    unused = g.node("ReduceSum", "features", g.constant(np.array([2], np.int64)), keepdims=1)
    silent = g.node("Mul", unused, g.constant(np.array(0.0, np.float32)))
    rest = g.node("Add", g.node("Add", same, half), silent)
    g.nodes.append(helper.make_node("Concat", [rest, three], ["scores"], axis=2))
    graph = helper.make_graph(
        g.nodes,
        "sentences",
        [
            helper.make_tensor_value_info("units", TensorProto.INT64, ["batch", "length"]),
            helper.make_tensor_value_info(
                "features", TensorProto.FLOAT, ["batch", "length", "kinds"]
            ),
        ],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", "length", 3])],
        g.constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    vocabulary = {
        "lang": "sv-en",
        "_id2unit": UNITS,
        "_unit2id": {unit: number for number, unit in enumerate(UNITS)},
    }
    config = {"feat_funcs": ["capitalized"], "max_seqlen": 1000, "batch_size": 8}
    helper.set_model_props(
        model,
        {
            "lang_code": "sv-en",
            "config": json.dumps(config),
            "vocab": json.dumps(vocabulary),
            "lexicon": "null",
        },
    )
    onnx.checker.check_model(model)
    return model


def main() -> None:
    """Command line: see the module's description."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    options.out.write_bytes(build().SerializeToString())
    print(f"{options.out} {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
