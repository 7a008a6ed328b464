"""Executes a notebook where it lies: `python executing.py NOTEBOOK RUNTIME SECONDS` writes its outputs into the file.

A process of its own, because the client leaves sockets to the garbage collector. It talks to the kernel through sockets
in the folder RUNTIME, so that nothing of a network is needed. A cell that fails ends it with status 1 and the cell.
"""

import sys
from importlib import import_module
from pathlib import Path


def main(notebook: Path, runtime: Path, patience_s: int) -> None:
    """Read, execute, write."""
    books, client = import_module("nbformat"), import_module("nbclient")
    manager = import_module("jupyter_client.manager").KernelManager(
        transport="ipc", connection_file=str(runtime / "kernel.json")
    )
    book = books.read(notebook, as_version=4)
    place = {"metadata": {"path": str(notebook.parent)}}
    client.NotebookClient(book, km=manager, timeout=patience_s, resources=place).execute()
    books.write(book, notebook)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
