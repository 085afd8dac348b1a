"""A visit of the website says that a product matters, and nothing of its price."""

from pennywren import keyspace
from pennywren.accounts.people import Person
from pennywren.model.clock import DAY
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.interest import BY_ACCOUNT, BY_MEMBER, BY_NETWORK, visited
from pennywren.store.store import Store
from pennywren.store.swaps import read_all
from pennywren.trust.blocking import set_network_blocked
from pennywren.trust.hearsay import Hearsay
from pennywren.trust.memory import read_said

PRODUCT = ProductID("us", "B08N5WRWNW")
NOW = 1_764_067_200_000
ADA = Person(1, "ada@example.com", "free", "en", NOW - 15 * DAY)
BEN = Person(2, "ben@example.com", "free", "en", NOW - DAY)
HERE, THERE, ELSEWHERE, FAR = "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/48"


async def interest(store: Store) -> float:
    (kept,) = await read_all(store.raw, [keyspace.hearsay(PRODUCT)])
    hearsay = read_said(kept).get(Offer.BUYBOX, Hearsay())
    assert (hearsay.claims, hearsay.agreements) == ((), ())
    return hearsay.visits


async def test_visits_weigh_by_who_comes_and_count_once_an_hour_for_each_account_and_network(store: Store) -> None:
    came = [(None, HERE), (None, HERE), (ADA, THERE), (ADA, ELSEWHERE), (BEN, FAR)]
    counted = [await visited(store, PRODUCT, person, network, NOW) for person, network in came]
    assert counted == [True, False, True, False, True]
    assert await interest(store) == BY_NETWORK + BY_MEMBER + BY_ACCOUNT


async def test_many_accounts_of_one_network_are_one_voice(store: Store) -> None:
    crowd = [Person(number, f"{number}@example.com", "free", "en", ADA.since) for number in range(30)]
    counted = [await visited(store, PRODUCT, person, HERE, NOW) for person in crowd]
    assert (sum(counted), await interest(store)) == (1, BY_MEMBER)
    other = ProductID("us", "B07PFFMP9P")
    assert await visited(store, other, crowd[5], HERE, NOW), "of another product it is another matter"


async def test_a_blocked_network_says_nothing(store: Store) -> None:
    await set_network_blocked(store.client, HERE, "a flood")
    assert not await visited(store, PRODUCT, ADA, HERE, NOW)
    assert await interest(store) == 0
