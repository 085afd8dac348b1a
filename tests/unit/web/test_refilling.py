"""A refused form on its page, put together again."""

from pennywren.web.serving.refilling import Refused, refill

PAGE = """<!doctype html>
<html lang="en"><head><title>Kettles</title></head><body>
<form method="post" action="/other"><input name="amount"></form>
<details><summary>More</summary><form method="post" action="/here?page=2">
<p class="row"><label for="a">How much</label><input id="a" name="amount" aria-describedby="hint"></p>
<select name="way"><option value="">-</option><option value="mail" selected>Mail</option></select>
<select name="way"><option value="">-</option><option value="mail">Mail</option></select>
<label class="choice"><input type="checkbox" name="once" value="yes" checked> once</label>
<input type="hidden" name="id" value="7"><textarea name="text">before</textarea>
</form></details></body></html>"""


def test_everything_is_as_it_was_sent() -> None:
    typed = {"amount": ['1"2'], "way": ["", "mail"], "id": ["8"], "text": ["</textarea><b>"]}
    page = refill(PAGE, Refused("/here", typed, "No <price>", "amount"), "Not done")

    assert page is not None
    assert "<title>Not done: Kettles</title>" in page
    assert '<form method="post" action="/other"><input name="amount"></form>' in page
    assert 'aria-describedby="wrong hint" value="1&quot;2" aria-invalid="true" autofocus=""' in page
    assert '</p><p class="wrong" id="wrong" role="alert">No &lt;price&gt;</p>' in page
    assert '<option value="" selected="">-</option><option value="mail">Mail</option></select>' in page
    assert '<option value="">-</option><option value="mail" selected="">Mail</option></select>' in page
    assert 'value="yes">' in page
    assert 'name="id" value="7"' in page
    assert "&lt;/textarea&gt;&lt;b&gt;</textarea>" in page
    assert '<details open="">' in page


def test_a_form_as_a_whole_is_told_above_it() -> None:
    page = refill(PAGE, Refused("/here", {"amount": ["1"]}, "Later", "id"), "Not done")

    assert page is not None
    assert 'action="/here?page=2"><p class="wrong" id="wrong" role="alert" tabindex="-1" autofocus="">Later</p>' in page


def test_a_page_without_the_form_is_not_touched() -> None:
    assert refill(PAGE, Refused("/nowhere", {}, "Later"), "Not done") is None
