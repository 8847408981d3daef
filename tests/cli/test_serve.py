"""`emoscope serve`: what it checks before it listens, and that it serves."""

import shutil
import signal
import socket
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from emoscope.cli.app import app
from emoscope.errors import InputError
from emoscope.inference.annotator import PRETRAINED

pytest.importorskip("fastapi")


def refused(*arguments):
    result = CliRunner().invoke(app, ["serve", *map(str, arguments)])
    assert isinstance(result.exception, InputError)
    return str(result.exception)


def test_what_cannot_be_served_is_said_before_anything_is_loaded(tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("short\n")
    assert "expected a folder" in refused("--model", tmp_path)
    assert "line 1" in refused("--api-keys", keys)
    assert "did you mean" in refused("--limit", "text=3")


def test_a_port_that_is_taken_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "--port" in refused("--port", taken.getsockname()[1])
    assert "--host" in refused("--host", "no.such.host.invalid")


def test_a_damaged_model_ends_the_service(tmp_path):
    shutil.copytree(PRETRAINED, tmp_path / "model", ignore=shutil.ignore_patterns("*.onnx*"))
    (tmp_path / "model" / "model.onnx").write_bytes(b"nothing")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert "damaged" in refused("--model", tmp_path / "model", "--port", port)


def test_it_serves_the_model_that_ships_and_ends_well():
    httpx = pytest.importorskip("httpx")
    from tests.serve.running import is_ready, wait_until

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [sys.executable, "-m", "emoscope", "serve", "--port", str(port), "--threads", "1"]
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: is_ready(port) or process.poll() is not None, 60, 0.1)
        with httpx.Client(base_url=url, verify=False, timeout=20) as http:
            found = http.post("/v1/annotate", json={"texts": ["so happy"], "top_k": 1}).json()
            assert found["model"] == "emoscope"
            assert found["results"][0]["scores"][0]["label"] == "joy"
            assert http.get("/", headers={"host": "evil.example"}).status_code == 421
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert url in said
    assert "happy" not in said
