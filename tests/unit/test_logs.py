"""Lines on standard error say what they are about, as text and as JSON."""

import json
import logging
import sys

from pennywren.logs import JsonLines, TextLines, about, now_about


def _record(message: str, *args: object, fault: BaseException | None = None) -> logging.LogRecord:
    info = (type(fault), fault, fault.__traceback__) if fault else None
    return logging.LogRecord("pennywren.x", logging.WARNING, __file__, 1, message, args, info)


def test_a_line_says_what_it_is_about() -> None:
    with about(request="a1b2c3d4"), about(alert=7, product="us:B08N5WRWNW"):
        told = json.loads(JsonLines().format(_record("%d tries", 3)))
        line = TextLines().format(_record("%d tries", 3))
    assert (told["message"], told["level"], told["logger"]) == ("3 tries", "warning", "pennywren.x")
    assert (told["request"], told["alert"], told["product"]) == ("a1b2c3d4", "7", "us:B08N5WRWNW")
    assert line.endswith("pennywren.x: 3 tries [request=a1b2c3d4 alert=7 product=us:B08N5WRWNW]")


def test_what_it_is_about_ends_with_the_work() -> None:
    with about(request="a1b2c3d4"):
        pass
    assert dict(now_about()) == {}
    assert "[" not in TextLines().format(_record("words"))


def test_hostile_words_stay_in_one_line() -> None:
    told = JsonLines().format(_record("%s", 'a"\n{"level":"info"}\u2028'))
    assert "\n" not in told
    assert json.loads(told)["level"] == "warning"


def test_a_fault_comes_with_its_traceback_and_nothing_without_end() -> None:
    try:
        raise ValueError("x" * 9_000)
    except ValueError:
        told = json.loads(JsonLines().format(_record("y" * 9_000, fault=sys.exc_info()[1])))
    assert len(told["message"]) == len(told["error"]) == 4_000
