"""What docs/serve.md and deploy/ say, against the code."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from emoscope.serve.limits import Limits
from emoscope.serve.problems import KINDS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "serve.md"
pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="not a checkout")


def rows(first):
    """The rows of the table whose header begins so, without the header."""
    text = PAGE.read_text(encoding="utf-8")
    table = re.search(rf"^\| {first} \|.*\n\| -.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    lines = table[1].splitlines()
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def test_every_limit_is_in_the_page_with_its_default():
    assert {name: json.loads(value) for name, value, _ in rows("limit")} == Limits().to_dict()


def test_every_address_is_in_the_page(service):
    document = service.get("/openapi.json").json()["paths"]
    known = {f"{method.upper()} {path}" for path, of in document.items() for method in of}
    assert {address for address, _ in rows("address")} == known


def test_every_status_is_in_the_page():
    # Of these a browser and every client knows the meaning.
    known = {kind.status for kind in KINDS.values()} - {404, 405}
    assert {int(status) for status, _ in rows("status")} == known


def test_the_container_is_built_with_care():
    lines = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    orders = [line.split(maxsplit=1) for line in lines if re.match(r"[A-Z]+ ", line)]
    names = [name for name, _ in orders]
    assert all(re.search(r":\d", rest) for name, rest in orders if name == "FROM")
    assert "ADD" not in names
    user = next(rest for name, rest in orders if name == "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert "HEALTHCHECK" in names
    entry = json.loads(next(rest for name, rest in orders if name == "ENTRYPOINT"))
    assert entry[:2] == ["emoscope", "serve"]


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not installed")
def test_the_linter_of_containers_finds_nothing():
    done = subprocess.run(["hadolint", ROOT / "deploy" / "Dockerfile"], capture_output=True)
    assert done.returncode == 0, done.stdout.decode()


def test_the_compose_file_takes_as_much_time_to_end_as_an_answer_may_take():
    service = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]["emoscope"]
    limits = Limits()
    assert int(service["stop_grace_period"].rstrip("s")) >= limits.seconds + limits.body_seconds
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert (ROOT / "deploy" / service["build"]["context"]).resolve() == ROOT
