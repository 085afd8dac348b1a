"""The partition hash and the spelling of every key are in the data of every installation: they never change."""

import pytest

from pennywren import keyspace
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet

KETTLE = ProductID("us", "B08N5WRWNW")


def test_the_partition_hash_is_frozen() -> None:
    frozen = {"us:B08N5WRWNW": 47, "de:B08N5WRWNW": 876, "jp:4101010013": 720, "in:B0BDK63CBS": 921}
    assert {text: keyspace.partition_of(ProductID.parse(text)) for text in frozen} == frozen


def test_the_keys_of_a_partition_are_frozen() -> None:
    assert [each(47) for each in (keyspace.cold, keyspace.places, keyspace.warm)] == [
        "{47}:cold",
        "{47}:places",
        "{47}:warm",
    ]


def test_the_keys_of_a_product_are_frozen() -> None:
    assert keyspace.product(KETTLE) == "{47}:product:us:B08N5WRWNW"
    assert keyspace.raw(KETTLE, Offer.BUYBOX) == "{47}:price:us:B08N5WRWNW:buybox:raw"
    assert keyspace.state(KETTLE, Offer.USED) == "{47}:price:us:B08N5WRWNW:used:state"
    assert keyspace.compaction(KETTLE, Offer.NEW, "week", "max") == "{47}:price:us:B08N5WRWNW:new:week:max"
    assert keyspace.watch(KETTLE, Offer.AMAZON) == "{47}:watch:us:B08N5WRWNW:amazon"
    spelled = {kind: keyspace.watch(KETTLE, Offer.USED, kind) for kind in WatchSet}
    assert spelled == {kind: f"{{47}}:{kind.value}:us:B08N5WRWNW:used" for kind in WatchSet}
    assert [kind.value for kind in WatchSet] == ["watch", "rise", "lows", "stock", "moves"]
    assert keyspace.held(KETTLE) == "{47}:held:us:B08N5WRWNW"
    assert keyspace.hearsay(KETTLE) == "{47}:hearsay:us:B08N5WRWNW"
    assert keyspace.proof(KETTLE) == "{47}:proof:us:B08N5WRWNW"
    assert keyspace.cache(KETTLE) == "{47}:cache:us:B08N5WRWNW"


def test_the_keys_of_a_partition_and_the_shared_ones_are_frozen() -> None:
    assert keyspace.frontier(7) == "{7}:frontier"
    assert keyspace.urgent(7) == "{7}:urgent"
    assert keyspace.leases(7) == "{7}:leases"
    assert keyspace.changes(7) == "{7}:changes"
    assert keyspace.ready_floor("us") == "{ready}:floor:us"
    assert keyspace.ready_changes() == "{ready}:changes"
    assert keyspace.blocked("192.0.2.0") == "{r}:blocked:192.0.2.0"
    assert keyspace.egress("e1", "www.amazon.de") == "{egress:e1}:www.amazon.de"
    assert keyspace.drift_hour(490_000) == "{drift}:hour:490000"
    assert keyspace.drift_samples("us", "legacy") == "{drift}:samples:us:legacy"
    assert keyspace.drift_pause("warn", "us", "legacy") == "{drift}:pause:warn:us:legacy"
    assert keyspace.crawl_threshold() == "{frontier}:lambda"
    assert keyspace.time_to_alert("hour", 490002) == "{metrics}:timeToAlert:hour:490002"
    assert keyspace.metric("pennywren_crawls_total") == "{metrics}:pennywren_crawls_total"
    assert keyspace.once("1f0e") == "{once}:1f0e"
    assert keyspace.streams("192.0.2.0/24") == "{limit}:streams:192.0.2.0/24"
    assert keyspace.limit("track", "192.0.2.0") == "{limit}:track:192.0.2.0"
    assert keyspace.reporter("5f3a9c0d1e2b4a68") == "{r}:reporter:5f3a9c0d1e2b4a68"
    assert keyspace.install("5f3a9c0d1e2b4a68") == "{r}:install:5f3a9c0d1e2b4a68"
    assert keyspace.family_key("2026-11-25") == "{r}:family:2026-11-25"
    assert keyspace.cohorts() == "{r}:cohorts"
    assert keyspace.image_tried("0123456789abcdef") == "{image}:tried:0123456789abcdef"
    assert keyspace.images_paused("m.media-amazon.com") == "{image}:paused:m.media-amazon.com"
    assert keyspace.moved() == "{shown}:moved"
    assert keyspace.watched() == "{shown}:watched"


@pytest.mark.parametrize("offer", Offer)
def test_the_writers_short_cuts_spell_the_same_keys(offer: Offer) -> None:
    partition = keyspace.partition_of(KETTLE)
    assert keyspace.product_named(str(KETTLE), partition) == keyspace.product(KETTLE)
    assert f"{keyspace.series_of(partition)}{KETTLE}:{offer}:raw" == keyspace.raw(KETTLE, offer)
    assert f"{keyspace.series_of(partition)}{KETTLE}:{offer}:state" == keyspace.state(KETTLE, offer)


def test_what_a_report_is_judged_by_is_spelled_as_each_key_alone() -> None:
    watches = [keyspace.watch(KETTLE, offer, each) for offer in Offer for each in WatchSet]
    assert keyspace.judged_by(KETTLE) == [
        *(each(KETTLE) for each in (keyspace.product, keyspace.hearsay, keyspace.held)),
        *(each(47) for each in (keyspace.urgent, keyspace.leases)),
        *watches,
        *(keyspace.raw(KETTLE, offer) for offer in Offer),
        *(each(47) for each in (keyspace.cold, keyspace.places)),
    ]


def test_a_key_says_whose_it_is() -> None:
    assert keyspace.product_of(keyspace.product(KETTLE).encode()) == KETTLE
