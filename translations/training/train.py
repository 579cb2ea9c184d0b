"""Train the joint model; the same command on CPU and GPU, resumable at any moment.

Training follows a plan (plan.json): phases with their share of the time, the mixture of sources and
the share of clean sources. Progress is counted in minutes of training, kept in the checkpoint, so a
run that was stopped goes on where it was. Besides the weights in training a smoothed copy (an
exponential moving average) is kept: that one is exported.

Usage: python -m translations.training.train DATA.npz OUT_FOLDER --init INIT.npz --minutes 20
           [--device cuda --bf16 --compile --tokens 48000] [--stop-after MINUTES]
"""

import argparse
import contextlib
import copy
import json
import math
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from translations.training.batches import Batch, Corpus, Stream
from translations.training.network import PAD, Shape, Translator, load_e5

HERE = Path(__file__).parent


def cross_entropy(logits: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
    """Label-smoothed cross-entropy of each place (rows, pieces), (rows,) -> (rows,), no padding."""
    scores = logits.float()
    normaliser = torch.logsumexp(scores, -1)
    right = scores.gather(-1, wanted[:, None]).squeeze(-1)
    loss = normaliser - (1 - smoothing) * right - smoothing * scores.mean(-1)
    return torch.where(wanted == PAD, 0.0, loss)


def consistency(logits: Tensor, wanted: Tensor) -> Tensor:
    """Symmetric KL divergence (R-Drop) between the two halves of the rows, summed over places."""
    first, second = functional.log_softmax(logits.float(), -1).chunk(2)
    both = ((first.exp() - second.exp()) * (first - second)).sum(-1) / 2
    return torch.where(wanted.chunk(2)[0] == PAD, 0.0, both).sum()


class Loss:
    """Computes the training loss of a batch, in bfloat16 and compiled when asked."""

    def __init__(self, model: Translator, options: argparse.Namespace) -> None:
        self.model, self.options = model, options
        self.cross_entropy: Callable[..., Tensor] = cross_entropy
        self.consistency: Callable[..., Tensor] = consistency
        if options.compile:
            self.cross_entropy = torch.compile(cross_entropy, dynamic=True)
            self.consistency = torch.compile(consistency, dynamic=True)
            for layer in [*model.E, *model.D]:
                layer.compile(dynamic=True)

    def autocast(self) -> contextlib.AbstractContextManager:
        """Return the context in which the network runs."""
        device = self.options.device.split(":")[0]
        return torch.autocast(device, dtype=torch.bfloat16, enabled=self.options.bf16)

    def __call__(self, batch: Batch, r_drop: float) -> tuple[Tensor, Tensor]:
        """Return (loss a target piece, number of target pieces)."""
        source, given, wanted = batch.source, batch.given, batch.wanted
        if r_drop:
            source, given, wanted = (torch.cat([x, x]) for x in (source, given, wanted))
        with self.autocast():
            memory, mask = self.model.encode(source)
            states = self.model.decode(given, memory, mask)
            logits = self.model.logits(states.flatten(0, 1))
        pieces = (wanted != PAD).sum()
        flat = wanted.flatten()
        loss = self.cross_entropy(logits, flat, self.options.smoothing).sum()
        if r_drop:
            loss = loss + r_drop * self.consistency(logits, flat)
        return loss / pieces, pieces

    @torch.no_grad()
    def likelihood(self, model: Translator, corpus: Corpus, tokens: int) -> dict[str, float]:
        """Return the negative log-likelihood a piece (nats) of each validation set."""
        model.eval()
        out = {}
        for number, name in enumerate(corpus.names):
            total, count = 0.0, 0
            for batch in corpus.all_batches(number, tokens):
                with self.autocast():
                    memory, mask = model.encode(batch.source)
                    logits = model.logits(model.decode(batch.given, memory, mask).flatten(0, 1))
                flat = batch.wanted.flatten()
                total += cross_entropy(logits, flat, 0.0).sum().item()
                count += int((flat != PAD).sum())
            out[name] = round(total / max(1, count), 4)
        return out


def learning_rate(options: argparse.Namespace, progress: float, steps: int) -> float:
    """Warm up over ``warm`` steps, then fall along a cosine to ``floor`` of the peak."""
    fall = options.floor + (1 - options.floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return options.rate * min(1.0, (steps + 1) / options.warm) * fall


def optimiser(model: nn.Module, options: argparse.Namespace) -> torch.optim.Optimizer:
    """AdamW with a smaller rate for what starts from e5 (all but the decoder and the bias)."""
    new = [p for n, p in model.named_parameters() if n.startswith(("D.", "bias"))]
    old = [p for n, p in model.named_parameters() if not n.startswith(("D.", "bias"))]
    groups = [{"params": new, "scale": 1.0}, {"params": old, "scale": options.encoder_rate}]
    fused = options.device.startswith("cuda")
    return torch.optim.AdamW(
        groups, lr=1e-4, betas=(0.9, 0.98), weight_decay=options.decay, fused=fused
    )


def save(path: Path, state: dict) -> None:
    """Write a checkpoint so that a stop in the middle leaves the old one whole."""
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def save_half(path: Path, model: nn.Module, shape: Shape, record: dict) -> None:
    """Write the weights in half precision, with shape and record, for export and continuing."""
    weights = {k: v.detach().half().cpu() for k, v in model.state_dict().items()}
    torch.save({"model": weights, "shape": shape.as_json(), "record": record}, path)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--init", type=Path, help="init.npz of vocabulary.py, to start from e5")
    parser.add_argument("--plan", type=Path, default=HERE / "plan.json")
    parser.add_argument("--minutes", type=float, default=20, help="the whole plan's training time")
    parser.add_argument("--stop-after", type=float, default=1e9, help="pause after so many minutes")
    parser.add_argument("--start-from", type=Path, help="half-precision weights to start from")
    parser.add_argument("--start-progress", type=float, default=0.0, help="place in the plan then")
    parser.add_argument("--encoder-layers", default="0,1,2,3,4,5,6,7,8,9")
    parser.add_argument("--decoder-layers", default="0,5")
    parser.add_argument("--dropout", type=float, default=0.15)
    parser.add_argument("--tokens", type=int, default=1600, help="padded tokens a batch and side")
    parser.add_argument("--pool", type=int, default=60_000, help="pairs drawn at a time")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--encoder-rate", type=float, default=0.4, help="factor for what e5 gave")
    parser.add_argument("--warm", type=int, default=300, help="steps")
    parser.add_argument("--floor", type=float, default=0.03)
    parser.add_argument("--decay", type=float, default=0.01)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--average", type=float, default=0.98, help="smoothing kept each 10 steps")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bf16", action="store_true", help="right on a GPU, slow on a CPU")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--log", type=float, default=20, help="seconds between log lines")
    parser.add_argument("--validate", type=float, default=90, help="seconds between validations")
    parser.add_argument("--save", type=float, default=120, help="seconds between checkpoints")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not (options.init or options.start_from):
        parser.error("name --init or --start-from")
    return options


def start(options: argparse.Namespace) -> tuple[Translator, dict]:
    """Build the model from e5, from half-precision weights or from the last checkpoint."""
    state = {"progress": options.start_progress, "step": 0, "pieces": 0, "minutes": 0.0}
    last = options.out / "last.pt"
    half = None
    if options.start_from:
        half = torch.load(options.start_from, map_location="cpu", weights_only=True)
        shape = Shape(**half["shape"] | {"dropout": options.dropout})
    else:
        shape = Shape(
            int(np.load(options.init)["emb.d"].shape[0]),
            encoder_layers=tuple(int(i) for i in options.encoder_layers.split(",")),
            decoder_layers=tuple(int(i) for i in options.decoder_layers.split(",")),
            dropout=options.dropout,
        )
    model = Translator(shape)
    if last.exists():
        state |= torch.load(last, map_location="cpu", weights_only=True)
        model.load_state_dict(state["model"])
    elif half:
        model.load_state_dict({k: v.float() for k, v in half["model"].items()})
    else:
        load_e5(model, options.init)
    return model, state


class Run:
    """One stretch of training: the model, its smoothed copy, the data and what is written down."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.plan = json.loads(options.plan.read_text())
        self.model, self.state = start(options)
        self.model.to(options.device)
        self.smooth = copy.deepcopy(self.model).eval()
        if "smooth" in self.state:
            self.smooth.load_state_dict(self.state["smooth"])
        self.optimiser = optimiser(self.model, options)
        if "optimiser" in self.state:
            self.optimiser.load_state_dict(self.state["optimiser"])
        vocabulary = self.model.shape.vocabulary
        self.validation = Corpus(options.data, options.device, vocabulary, "validation_")
        corpus = Corpus(options.data, options.device, vocabulary)
        seed = options.seed + int(self.state["step"])
        self.stream = Stream(corpus, options.tokens, seed, options.pool)
        self.loss_of = Loss(self.model, options)
        self.phase = -1
        self.steps = 0
        self.record = self._new_record()

    def _new_record(self) -> dict:
        """Return settings, plan and machine; earlier validations of the same run are kept."""
        size = sum(p.numel() for p in self.model.parameters())
        print(f"{size / 1e6:.1f} million parameters, {self.model.shape.vocabulary} pieces")
        settings = {k: v.name if isinstance(v, Path) else v for k, v in vars(self.options).items()}
        record = {"settings": settings, "plan": self.plan, "parameters": size, "validation": []}
        record |= {"torch": str(torch.__version__), "machine": platform.machine()}
        if self.options.device.startswith("cuda"):
            record["device"] = torch.cuda.get_device_name()
        earlier = self.options.out / "record.json"
        if earlier.exists():
            record["validation"] = json.loads(earlier.read_text())["validation"]
        return record

    def write(self, name: str) -> None:
        """Write the smoothed weights in half precision and the record."""
        self.record |= {k: self.state[k] for k in ("progress", "step", "pieces", "minutes")}
        path = self.options.out / "record.json"
        path.write_text(json.dumps(self.record, indent=1) + "\n")
        save_half(self.options.out / f"{name}.half.pt", self.smooth, self.model.shape, self.record)

    def checkpoint(self) -> None:
        """Write everything that is needed to go on from here."""
        whole = {
            "model": self.model.state_dict(),
            "smooth": self.smooth.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        save(self.options.out / "last.pt", self.state | whole)

    def validate(self) -> None:
        """Measure the smoothed weights on the validation sets."""
        scores = self.loss_of.likelihood(self.smooth, self.validation, 8000)
        self.record["validation"].append({"minutes": round(self.state["minutes"], 2), **scores})
        print(f"validation {scores}", flush=True)

    def enter_phase(self) -> None:
        """Change the mixture when the plan's next phase begins."""
        left = [i for i, p in enumerate(self.plan) if self.state["progress"] < p["until"]]
        now = left[0] if left else len(self.plan) - 1
        if now == self.phase:
            return
        if self.phase >= 0:
            self.write(f"phase{self.phase}")
        self.phase = now
        phase = self.plan[now]
        self.stream.use(now, phase["weights"], phase["clean"])
        print(f"phase {now}: {json.dumps(phase)}", flush=True)

    def step(self, batch: Batch) -> Tensor:
        """Train on one batch; returns (loss times pieces, pieces)."""
        rate = learning_rate(self.options, self.state["progress"], self.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["scale"]
        loss, pieces = self.loss_of(batch, self.plan[self.phase].get("r_drop", 0.0))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.steps += 1
        self.state["step"] += 1
        if self.steps % 10 == 0:
            self._smooth()
        return torch.stack([loss.detach() * pieces, pieces.float()])

    @torch.no_grad()
    def _smooth(self) -> None:
        """Move the smoothed weights towards the weights in training, faster at first."""
        keep = self.options.average
        if self.state["step"] < 2000:
            keep = min(keep, self.steps / (self.steps + 200))
        torch._foreach_lerp_(
            list(self.smooth.parameters()), list(self.model.parameters()), 1 - keep
        )

    def log(self, running: Tensor, steps: int, seconds: float) -> None:
        """Print one line about the last ``seconds``."""
        total, count = running.tolist()
        self.state["pieces"] += int(count)
        print(
            f"step {self.state['step']} min {self.state['minutes']:.2f} "
            f"progress {self.state['progress']:.3f} loss {total / max(1, count):.3f} "
            f"{count / seconds:.0f} pieces/s, {self.state['pieces'] / 1e6:.1f} M in all, "
            f"{steps / seconds:.1f} steps/s",
            flush=True,
        )

    def train(self) -> None:
        """Train until the plan is done or the time to pause has come."""
        options, state = self.options, self.state
        begun = clock = logged = saved = time.time()
        validated = begun - options.validate / 2
        running, since = torch.zeros(2, device=options.device), 0
        batches = None
        self.model.train()
        while state["progress"] < 1 and clock - begun < options.stop_after * 60:
            self.enter_phase()
            batches = batches or iter(self.stream)
            running += self.step(next(batches))
            since += 1
            elapsed = time.time() - clock
            clock += elapsed
            state["minutes"] += elapsed / 60
            state["progress"] += elapsed / 60 / options.minutes
            if clock - logged > options.log:
                self.log(running, since, clock - logged)
                running.zero_()
                since, logged = 0, clock
            if clock - validated > options.validate:
                self.validate()
                validated = time.time()
            if clock - saved > options.save:
                self.checkpoint()
                saved = time.time()
        self.checkpoint()
        self.validate()
        self.write("last")


def main() -> None:
    """Command line: see the module's description."""
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.backends.cuda.matmul.allow_tf32 = True
    if options.compile:
        torch._dynamo.config.recompile_limit = 64
    Run(options).train()


if __name__ == "__main__":
    main()
