"""notebooks/train.ipynb is executed as it is, on a tiny folder; then the command line goes on."""

from __future__ import annotations

import sys
from pathlib import Path

import extras_needed
import made_recordings
import pytest
import soundfile

from ddsp_edge import cli
from ddsp_edge.bundles.bundle import read_bundle

nbformat = pytest.importorskip(
    "nbformat", reason="nbformat is not installed (pip install nbclient)"
)
nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed")
extras_needed.skip_without_trainer()

NOTEBOOK = Path(__file__).resolve().parents[3] / "notebooks" / "train.ipynb"
OPTIONS = {
    "teacher": "none", "warm_steps": 4, "steps": 2, "least_minutes": 0, "threads": 1,
    "lowest": 100, "highest": 900, "allow_failed_sweep": True,
}  # fmt: skip
CELL_S = 600


def test_it_trains_a_tiny_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for at, level in enumerate((0.15, 0.4, 0.9)):
        sound = level * made_recordings.melody()
        soundfile.write(folder / f"{at}.wav", sound, made_recordings.RATE)
    # The kernel is this Python, whatever kernels are installed; it writes nowhere else.
    kernels = tmp_path / "jupyter" / "kernels" / "python3"
    kernels.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernels / "kernel.json").write_text(
        f'{{"argv": {argv!r}, "display_name": "x", "language": "python"}}'.replace("'", '"')
    )
    for name in ("JUPYTER_PATH", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / "jupyter"))
    book = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(book)
    (parameters,) = [c for c in book.cells if "parameters" in c.metadata.get("tags", [])]
    parameters.source += f"\nNAME = 'Toy'\nOPTIONS = {OPTIONS!r}\n"
    client = nbclient.NotebookClient(
        book, timeout=CELL_S, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    said = "".join(
        output.get("text", "") for cell in book.cells for output in cell.get("outputs", [])
    )
    assert "usable minutes are few" in said and "held-out loss" in said
    assert "The instrument learns the sound: loss" in said
    assert read_bundle(tmp_path / "runs" / "toy" / "toy.zip").info.name == "Toy"
    # The same run, by the command line.
    monkeypatch.chdir(tmp_path)
    words = ["train", "recordings", "--name", "Toy", "--report-only"]
    assert cli.main(words) == 0
    assert "0.5 minutes in 3 files" in capsys.readouterr().out


def test_it_is_kept_without_results() -> None:
    book = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in book.cells)
