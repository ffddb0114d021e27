"""Runs our models' Python behind a gRPC server without Triton and without weights: `python3 host.py --port 0 --role speech_to_text`.

It stands in for Triton's core and its Python backend as far as our config.pbtxt files use them. The engines are stand-ins too, named so;
what runs for real is what inference/models holds beside them. One line of JSON on the standard output says that it is ready;
SIGTERM ends it.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
from concurrent import futures
from pathlib import Path
from typing import Sequence

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).resolve().parent))

import grpc  # noqa: E402 - the path is set first

from hosted_model import HostedModel  # noqa: E402
from inference_service import InferenceService  # noqa: E402
from repository import STAND_INS, lay_out_model  # noqa: E402

# As Triton has it: a message may be as large as the protocol allows.
_LARGEST_MESSAGE = 2**31 - 1


def read_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="on the loopback; 0: any free one")
    parser.add_argument("--role", action="append", choices=sorted(STAND_INS), help="again for each role; none: all that there are")
    parser.add_argument(
        "--parameter", action="append", default=[], metavar="ROLE.NAME=VALUE", help="another value of a parameter in config.pbtxt"
    )
    parser.add_argument(
        "--repository", type=Path, help="serve what the provisioner laid out there, with the engines that it names, and nothing else"
    )
    return parser.parse_args(argv)


def parameters_of(role: str, written: Sequence[str]) -> dict[str, str]:
    """Parameters of one role: its stand-in, and what the command line says."""
    values = dict(STAND_INS[role])
    for entry in written:
        name, _, value = entry.partition("=")
        if name.startswith(f"{role}."):
            values[name.removeprefix(f"{role}.")] = value
    return values


def main(argv: Sequence[str]) -> int:
    """Serves until it is told to stop."""
    arguments = read_arguments(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="centralita-models-") as folder:
        repository: Path = arguments.repository or Path(folder)
        if arguments.repository is None:
            for role in arguments.role or sorted(STAND_INS):
                lay_out_model(repository, role, parameters_of(role, arguments.parameter))
        models = {entry.name: HostedModel(entry) for entry in sorted(repository.iterdir()) if entry.is_dir()}
        # Each stream holds a thread for as long as it is open.
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=128),
            options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE), ("grpc.max_send_message_length", _LARGEST_MESSAGE)],
        )
        server.add_generic_rpc_handlers((InferenceService(models).handler(),))
        port = server.add_insecure_port(f"127.0.0.1:{arguments.port}")
        server.start()
        unusable = {name: model.unusable for name, model in models.items() if model.unusable is not None}
        print(json.dumps({"ready": True, "port": port, "pid": os.getpid(), "roles": sorted(models), "unusable": unusable}), flush=True)
        stop.wait()
        server.stop(grace=2).wait()
        for model in models.values():
            model.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
