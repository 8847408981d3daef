import base64
import hashlib
import re

from emoscope.charts.page import NOT_IN_PAGES, Html, page, table, text
from tests.html_page import Page


def test_text_is_escaped_and_what_no_page_may_hold_is_replaced():
    assert text("a\x00b\ud800<&>\"'") == "a\ufffdb\ufffd&lt;&amp;&gt;&quot;&#x27;"
    assert text("👩‍👩‍👧 مرحبا\n") == "👩‍👩‍👧 مرحبا\n"
    assert NOT_IN_PAGES.search("ordinary\ttext\n") is None
    assert "<td>&lt;i&gt;</td>" in table(["<h>", "x"], [["a", "<i>"]])


def test_a_browser_may_apply_the_style_of_the_page_and_do_nothing_else():
    source = page("<t>", Html("<p>a</p>"), ".one { color: red; }\n")
    read = Page(source)
    assert not read.open
    (policy,) = [one["content"] for _, one in read.elements if "http-equiv" in one]
    style = re.search("<style>(.*)</style>", source, re.DOTALL)[1]
    assert style.endswith(".one { color: red; }\n")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
