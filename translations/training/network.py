"""The joint Swedish-English transformer: post-norm, learned positions, GELU, tied embeddings.

The direction is the decoder's start token (__sv__ or __en__). Encoder and decoder start from layers
of multilingual-e5-small; a decoder layer's cross-attention starts from that layer's self-attention.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

BOS, PAD, EOS, UNKNOWN = 0, 1, 2, 3
POSITIONS = 128


@dataclass(frozen=True)
class Shape:
    """Sizes of the network; ``decoder_layers`` names the e5 layers the decoder starts from."""

    vocabulary: int
    width: int = 384
    heads: int = 12
    feed_forward: int = 1536
    encoder_layers: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    decoder_layers: tuple[int, ...] = (0, 5)
    dropout: float = 0.1

    def as_json(self) -> dict:
        """Return plain values for a checkpoint or a settings file."""
        return asdict(self)


class Attention(nn.Module):
    """Multi-head attention with separate projections."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(width, width)
        self.v = nn.Linear(width, width)
        self.o = nn.Linear(width, width)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None, causal: bool) -> Tensor:
        """x (batch, length, width) looks at memory; mask (batch, 1, 1, memory length)."""
        batch, length, width = x.shape

        def split(y: Tensor) -> Tensor:
            return y.view(batch, -1, self.heads, width // self.heads).transpose(1, 2)

        y = functional.scaled_dot_product_attention(
            split(self.q(x)),
            split(self.k(memory)),
            split(self.v(memory)),
            attn_mask=mask,
            is_causal=causal,
        )
        return self.o(y.transpose(1, 2).reshape(batch, length, width))


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each followed by its layer norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.sa = Attention(shape.width, shape.heads)
        self.n1 = nn.LayerNorm(shape.width)
        self.f1 = nn.Linear(shape.width, shape.feed_forward)
        self.f2 = nn.Linear(shape.feed_forward, shape.width)
        self.n3 = nn.LayerNorm(shape.width)
        self.drop = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x (batch, length, width), mask true where a piece stands."""
        x = self.n1(x + self.drop(self.sa(x, x, mask, False)))
        return self.n3(x + self.drop(self.f2(self.drop(functional.gelu(self.f1(x))))))


class DecoderLayer(EncoderLayer):
    """An encoder layer that looks back only, with attention to the source in between."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.ca = Attention(shape.width, shape.heads)
        self.n2 = nn.LayerNorm(shape.width)

    def forward(self, x: Tensor, mask: Tensor, memory: Tensor) -> Tensor:
        """x (batch, length, width); memory and mask belong to the source."""
        x = self.n1(x + self.drop(self.sa(x, x, None, True)))
        x = self.n2(x + self.drop(self.ca(x, memory, mask, False)))
        return self.n3(x + self.drop(self.f2(self.drop(functional.gelu(self.f1(x))))))


class Translator(nn.Module):
    """The whole network. ``encode`` and ``decode`` return hidden states of the given width."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width = shape.width
        self.emb = nn.Embedding(shape.vocabulary, width)
        self.pe = nn.Embedding(POSITIONS, width)
        self.pd = nn.Embedding(POSITIONS, width)
        self.le = nn.LayerNorm(width)
        self.ld = nn.LayerNorm(width)
        self.E = nn.ModuleList(EncoderLayer(shape) for _ in shape.encoder_layers)
        self.D = nn.ModuleList(DecoderLayer(shape) for _ in shape.decoder_layers)
        self.bias = nn.Parameter(torch.zeros(shape.vocabulary))
        self.drop = nn.Dropout(shape.dropout)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        for table in (self.emb, self.pe, self.pd):
            nn.init.normal_(table.weight, std=0.05)

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """source (batch, length) of pieces -> states and the mask of what is no padding."""
        mask = (source != PAD)[:, None, None, :]
        x = self.drop(self.le(self.emb(source) + self.pe.weight[: source.shape[1]]))
        for layer in self.E:
            x = layer(x, mask)
        return x, mask

    def decode(self, target: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """target (batch, length), beginning with the start token -> states."""
        x = self.drop(self.ld(self.emb(target) + self.pd.weight[: target.shape[1]]))
        for layer in self.D:
            x = layer(x, mask, memory)
        return x

    def logits(self, states: Tensor) -> Tensor:
        """States (..., width) -> scores of every piece."""
        return functional.linear(states, self.emb.weight, self.bias)


def load_e5(model: Translator, path: Path) -> None:
    """Fill ``model`` from init.npz (see vocabulary.py); the start tokens stay random."""
    arrays = np.load(path)

    def unpacked(key: str) -> Tensor:
        scales, nibbles = arrays[key + ".d"], arrays[key + ".q"]
        nibbles = nibbles.reshape(scales.shape[0], -1, 16)
        low, high = (nibbles & 15).astype(np.int8) - 8, (nibbles >> 4).astype(np.int8) - 8
        weights = np.concatenate([low, high], 2) * scales.astype(np.float32)[:, :, None]
        return torch.from_numpy(weights.reshape(scales.shape[0], -1))

    def plain(key: str) -> Tensor:
        return torch.from_numpy(arrays[key].astype(np.float32))

    def linear(module: nn.Linear, key: str) -> None:
        module.weight.copy_(unpacked(key + ".w"))
        module.bias.copy_(plain(key + ".b"))

    def norm(module: nn.LayerNorm, key: str) -> None:
        module.weight.copy_(plain(key + ".w"))
        module.bias.copy_(plain(key + ".b"))

    def attention(module: Attention, key: str) -> None:
        for part, name in ((module.q, "q"), (module.k, "k"), (module.v, "v"), (module.o, "ao")):
            linear(part, f"{key}.{name}")

    with torch.no_grad():
        model.emb.weight[:-2] = unpacked("emb")[:-2]
        for table in (model.pe, model.pd):
            table.weight.copy_(plain("pos")[:POSITIONS])
        for module in (model.le, model.ld):
            norm(module, "eln")
        pairs = list(zip(model.E, model.shape.encoder_layers, strict=True))
        pairs += zip(model.D, model.shape.decoder_layers, strict=True)
        for layer, number in pairs:
            key = f"l{number}"
            attention(layer.sa, key)
            norm(layer.n1, key + ".aln")
            linear(layer.f1, key + ".fi")
            linear(layer.f2, key + ".fo")
            norm(layer.n3, key + ".oln")
            if isinstance(layer, DecoderLayer):
                attention(layer.ca, key)
                norm(layer.n2, key + ".aln")
