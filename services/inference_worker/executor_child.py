"""The executor child: loads one bundle, proves it, then answers one request after the other until the socket closes."""

import argparse
import resource
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.errors import PipelineError
from common.models.bundle import Bundle, load_bundle
from common.models.golden import check_golden
from common.models.kinds import load_predictor
from common.models.predictor import Predictor
from common.models.scoring import Scoring, accelerate
from common.parent import die_with_parent
from services.inference_worker.exchange import (
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
from services.inference_worker.faults import NO_FAULTS, Faults, read_faults
from services.inference_worker.slate import Slate


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 the socket was closed, 1 the bundle cannot be served (the reason is sent first)."""
    options = _options(arguments)
    die_with_parent(options.parent)
    # A crash must be over at once, not after writing gigabytes.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with socket.socket(fileno=options.socket) as channel:
        try:
            faults = read_faults(options.fault, options.attempt) if options.fault else NO_FAULTS
            bundle, predictor = prove(options.bundle, faults)
        except PipelineError as error:
            _send(channel, Failed(0, "load", str(error)))
            return 1
        _send(channel, _ready(bundle, accelerate(predictor, bundle.golden())))
        serve(channel, Slate(options.memory), predictor, faults)
    return 0


def prove(folder: Path, faults: Faults) -> tuple[Bundle, Predictor]:
    """Load a bundle and compare its golden answers; BundleError if anything differs."""
    faults.loading()
    bundle = load_bundle(folder)
    predictor = load_predictor(bundle)
    golden = bundle.golden()
    check_golden(golden, predictor.predict(golden.inputs), bundle.manifest.golden.tolerance)
    return bundle, predictor


def serve(channel: socket.socket, slate: Slate, predictor: Predictor, faults: Faults) -> None:
    """Answer until the parent closes its end."""
    for request in _requests(channel):
        _send(channel, _score(request, slate, predictor, faults))


def _score(request: Request, slate: Slate, predictor: Predictor, faults: Faults) -> Scored | Failed:
    count = len(predictor.features)
    try:
        faults.before(request)
        values = predictor.predict(slate.features(count, request.symbols))
        values = faults.change(request, values)
        return _deliver(request, values, slate.predictions(count, request.symbols))
    except Exception as error:  # noqa: BLE001  the parent decides, not we
        return Failed(request.id, "crash", f"{type(error).__name__}: {error}")


def _deliver(request: Request, values: NDArray[np.float64], room: NDArray[np.float64]) -> Scored:
    if values.shape == room.shape:
        room[...] = values
    return Scored(request.id, values.shape[0] if values.ndim == 1 else -1)


def _ready(bundle: Bundle, scoring: Scoring) -> Ready:
    manifest, refusal = bundle.manifest, scoring.refusal[:REFUSAL_LIMIT]
    identity = (manifest.name, manifest.kind, bundle.digest, manifest.features)
    return Ready(*identity, scoring.scorer, refusal, scoring.alarming)


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
    parser.add_argument("--parent", type=int, required=True, help="process id of the parent")
    parser.add_argument("--fault", type=Path, help="fault plan, for tests")
    parser.add_argument("--attempt", type=int, default=1, help="which start this is, for the fault plan")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
