"""`emoscope report`."""

from tests.experiments.synthetic import make_log, taxonomy_of

EMOTIONS = taxonomy_of(("joy", "fear"))


def test_a_page_beside_the_log(emoscope, tmp_path):
    make_log(tmp_path / "log", EMOTIONS, 1, 40)
    ended = emoscope("report", tmp_path / "log")
    assert (ended.code, ended.out) == (0, f"{tmp_path}/log/report.html\n")
    assert "pass it on only if they may be" in ended.err
    assert "<blockquote" in (tmp_path / "log" / "report.html").read_text(encoding="utf-8")


def test_a_page_without_texts(emoscope, tmp_path):
    make_log(tmp_path / "log", EMOTIONS, 1, 40)
    ended = emoscope("report", tmp_path, "--no-texts", "-o", tmp_path / "page.html")
    assert (ended.code, ended.err) == (0, "")
    assert "<blockquote" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_what_is_no_log_is_said(emoscope, tmp_path):
    ended = emoscope("report", tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "params.yml" in ended.err
    make_log(tmp_path / "log", EMOTIONS, 1, 40)
    ended = emoscope("report", tmp_path / "log", "-o", tmp_path / "no" / "page.html")
    assert ended.code == 2
    assert "expected a file in a folder that is there" in ended.err
