"""Chats that WhatsApp exports as text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from emoscope.reading.dialect import Sample
from emoscope.reading.errors import Fault, Refusal, format_value
from emoscope.reading.lines import Chunk, read_good_lines
from emoscope.reading.row import Row

COLUMNS = ("time", "sender", "text", "event")

_SPACE = "[ \u00a0\u202f]"
_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
_TIME = rf"\d{{1,2}}[:.]\d\d(?:[:.]\d\d)?(?:{_SPACE}?[AaPp]\.?{_SPACE}?[Mm]\.?)?"
_START = re.compile(
    rf"[\u200e\u200f]?(?:\[({_DATE}),?{_SPACE}({_TIME})\]{_SPACE}"
    rf"|({_DATE}),?{_SPACE}({_TIME}){_SPACE}-{_SPACE})(.*)",
)
_SENDER = re.compile(r"([^:]{1,100}): ?(.*)")
# The marks of direction begin what WhatsApp itself says, in any language.
_NO_TEXT = re.compile(
    r"\s*[\u200e\u200f].*|\s*<[^<>]*>\s*|(This message was deleted|You deleted this message)\.?"
)


@dataclass
class _Message:
    line: int
    time: str
    said: list[str] = field(default_factory=list)

    def to_row(self) -> Row:
        found = _SENDER.fullmatch(self.said[0])
        lines = [found[2], *self.said[1:]] if found else self.said
        text: str | None = "\n".join(lines).rstrip()
        event = None
        if not found or _NO_TEXT.fullmatch(text or ""):
            text, event = None, text
        sender = found[1].strip("\u200e\u200f ~\u00a0\u202f") if found else None
        return Row(self.line, {"time": self.time, "sender": sender, "text": text, "event": event})


def find_whatsapp(sample: Sample) -> bool:
    """Whether a text starts with a date and a time, as WhatsApp exports it, and has a sender."""
    lines = [line.rstrip("\r\n") for line in sample.lines if line.strip()]
    starts = [_START.fullmatch(line) for line in lines]
    return bool(starts and starts[0]) and any(
        found and _SENDER.fullmatch(found[5]) for found in starts
    )


def parse_whatsapp(chunks: Iterator[Chunk], refusal: Refusal) -> Iterator[Row]:
    """A row a message: `time` as it is written, `sender`, `text`.

    What WhatsApp says itself (media left out, who came and went) is in `event`, and `text` is
    nothing. Lines before the first message are refused.
    """
    refusal.columns = dict.fromkeys(COLUMNS)
    message: _Message | None = None
    for number, text in read_good_lines(chunks, refusal):
        found = _START.fullmatch(text)
        if found:
            if message:
                yield message.to_row()
            time = re.sub(_SPACE, " ", f"{found[1] or found[3]} {found[2] or found[4]}")
            message = _Message(number, time, [found[5]])
        elif message:
            message.said.append(text)
        elif text.strip():
            advice = (
                "Export the chat again, without media; or read lines as they are: --format txt."
            )
            refusal(
                number,
                Fault("a date and a time, as WhatsApp has them", format_value(text), advice),
                text,
            )
    if message:
        yield message.to_row()
