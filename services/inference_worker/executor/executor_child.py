"""The executor child: loads one bundle, proves it, then answers one request after the other until the socket closes."""

import argparse
import contextlib
import resource
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.errors import PipelineError
from common.models.bundle import Bundle, load_bundle
from common.models.processed import ProcessedModel
from common.models.proof import prove
from common.models.scoring import Scoring
from common.parent import die_with_parent
from services.inference_worker.executor.exchange import (
    PACKET_LIMIT,
    REFUSAL_LIMIT,
    Failed,
    Message,
    Ready,
    Request,
    Scored,
    decode_message,
    encode_message,
)
from services.inference_worker.executor.faults import NO_FAULTS, Faults, read_faults
from services.inference_worker.executor.scorer import Scorer
from services.inference_worker.executor.slate import Slate

OOM_SCORE = Path("/proc/self/oom_score_adj")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 the socket was closed, 1 the bundle cannot be served (the reason is sent first)."""
    options = _options(arguments)
    die_with_parent(options.parent)
    limit(options.memory_mb)
    with socket.socket(fileno=options.socket) as channel:
        try:
            faults = read_faults(options.fault, options.attempt) if options.fault else NO_FAULTS
            model, ready = load(options.bundle, faults)
        except PipelineError as error:
            return _refuse(channel, str(error))
        except Exception as error:  # noqa: BLE001  a user's own kind may raise anything
            return _refuse(channel, f"{type(error).__name__}: {error}")
        _send(channel, ready)
        serve(channel, Scorer(model, Slate(options.memory)), faults)
    return 0


def limit(memory_mb: int) -> None:
    """Keep a child that goes astray from taking the machine along; 0 MiB is no limit."""
    # A crash must be over at once, not after writing gigabytes.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Data, not addresses: libraries reserve far more of these than they ever use.
    if memory_mb:
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))
    # Where the machine itself runs out, the kernel is to take this process and not its parent.
    with contextlib.suppress(OSError):
        OOM_SCORE.write_text("500", encoding="ascii")


def load(folder: Path, faults: Faults) -> tuple[ProcessedModel, Ready]:
    """Load a bundle, compare its golden answers, and take the fastest way to them; BundleError if anything differs."""
    faults.loading()
    bundle = load_bundle(folder)
    model = prove(bundle)
    return model, _ready(bundle, model, model.accelerate(bundle.golden()))


def serve(channel: socket.socket, scorer: Scorer, faults: Faults) -> None:
    """Answer until the parent closes its end, also where it does so without having read the last answer."""
    with contextlib.suppress(ConnectionError):
        for request in _requests(channel):
            _send(channel, _score(request, scorer, faults))


def _score(request: Request, scorer: Scorer, faults: Faults) -> Scored | Failed:
    try:
        faults.before(request)
        values = faults.change(request, scorer.score(request))
        return _deliver(request, values, scorer.predictions(request))
    except Exception as error:  # noqa: BLE001  the parent decides, not we
        return Failed(request.id, "crash", f"{type(error).__name__}: {error}"[:REFUSAL_LIMIT])


def _deliver(request: Request, values: NDArray[np.float64], room: NDArray[np.float64]) -> Scored:
    if values.shape == room.shape:
        room[...] = values
    return Scored(request.id, values.shape[0] if values.ndim == 1 else -1)


def _ready(bundle: Bundle, model: ProcessedModel, scoring: Scoring) -> Ready:
    manifest, refusal = bundle.manifest, scoring.refusal[:REFUSAL_LIMIT]
    identity = (manifest.name, manifest.kind, bundle.digest, manifest.features)
    return Ready(*identity, scoring.scorer, refusal, scoring.alarming, model.reads_sections)


def _refuse(channel: socket.socket, reason: str) -> int:
    _send(channel, Failed(0, "load", reason[:REFUSAL_LIMIT]))
    return 1


def _requests(channel: socket.socket) -> Iterator[Request]:
    while body := channel.recv(PACKET_LIMIT):
        message = decode_message(body)
        if isinstance(message, Request):
            yield message


def _send(channel: socket.socket, message: Message) -> None:
    channel.send(encode_message(message))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="executor_child", description="Started by the inference worker only.")
    parser.add_argument("--bundle", type=Path, required=True, help="folder of the bundle")
    parser.add_argument("--socket", type=int, required=True, help="descriptor of the socket to the parent")
    parser.add_argument("--memory", type=int, required=True, help="descriptor of the shared memory")
    parser.add_argument("--memory-mb", type=int, default=0, help="MiB of memory it may have, 0 for no limit")
    parser.add_argument("--parent", type=int, required=True, help="process id of the parent")
    parser.add_argument("--fault", type=Path, help="fault plan, for tests")
    parser.add_argument("--attempt", type=int, default=1, help="which start this is, for the fault plan")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
