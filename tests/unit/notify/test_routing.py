"""Which channel an alert takes next."""

from pennywren.notify.routing import FALL_BACK_AFTER, Step, Tried, next_step, order

HERE = {"EMAIL": ["e"], "SMS": ["s1", "s2"], "PUSH": ["p"]}


def test_what_was_asked_for_goes_first_then_what_is_preferred_then_a_mail() -> None:
    assert order("SMS", ["PUSH", "SMS"]) == ["SMS", "PUSH", "EMAIL"]
    assert order("PREFERRED", ["PUSH"]) == ["PUSH", "EMAIL"]
    assert order("PREFERRED", []) == ["EMAIL"]


def test_a_channel_without_an_address_is_passed_over() -> None:
    assert next_step(["WEBHOOK", "PUSH", "EMAIL"], HERE, {}) == Step("PUSH", ("p",))


def test_with_no_address_at_all_there_is_nothing_to_do() -> None:
    assert next_step(["SMS", "EMAIL"], {}, {}) == Step(None, delivered=False)


def test_a_refusal_for_good_leads_to_the_next_channel() -> None:
    tried = {"SMS": Tried(failed={"s1", "s2"})}
    assert next_step(["SMS", "EMAIL"], HERE, tried) == Step("EMAIL", ("e",))


def test_one_address_that_refused_leaves_the_others() -> None:
    assert next_step(["SMS", "EMAIL"], HERE, {"SMS": Tried(failed={"s1"})}) == Step("SMS", ("s2",))


def test_what_does_not_work_for_a_while_is_passed_over_and_taken_up_again_where_nothing_else_works() -> None:
    worn = {"SMS": Tried(retries=FALL_BACK_AFTER)}
    assert next_step(["SMS", "EMAIL"], HERE, worn) == Step("EMAIL", ("e",))
    assert next_step(["SMS", "EMAIL"], {"SMS": ["s1"]}, worn) == Step("SMS", ("s1",))


def test_a_mail_that_fails_for_hours_is_tried_on() -> None:
    assert next_step(["EMAIL"], HERE, {"EMAIL": Tried(retries=20)}) == Step("EMAIL", ("e",))


def test_once_one_device_has_it_only_the_others_of_the_channel_are_tried_and_not_for_ever() -> None:
    part = Tried(delivered={"s1"}, retries=1)
    assert next_step(["SMS", "EMAIL"], HERE, {"SMS": part}) == Step("SMS", ("s2",))
    part.retries = FALL_BACK_AFTER
    assert next_step(["SMS", "EMAIL"], HERE, {"SMS": part}) == Step(None, delivered=True)
    assert next_step(["EMAIL"], HERE, {"EMAIL": Tried(delivered={"e"})}) == Step(None, delivered=True)
