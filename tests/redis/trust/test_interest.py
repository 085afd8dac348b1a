"""A visit of the website says that a product matters, and nothing of its price."""

from pennywren import keyspace
from pennywren.accounts.people import Person
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.interest import BY_ACCOUNT, BY_NETWORK, visited
from pennywren.store.store import Store
from pennywren.store.swaps import read_all
from pennywren.trust.memory import read_said

PRODUCT = ProductID("us", "B08N5WRWNW")
ADA = Person(1, "ada@example.com", "free", "en")
NOW = 1_764_067_200_000
HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"


async def test_visits_weigh_by_who_comes_and_count_once_an_hour_each(store: Store) -> None:
    came = [(None, HERE), (None, HERE), (None, THERE), (ADA, HERE), (ADA, THERE)]
    counted = [await visited(store, PRODUCT, person, network, NOW) for person, network in came]

    (kept,) = await read_all(store.raw, [keyspace.hearsay(PRODUCT)])
    hearsay = read_said(kept)[Offer.BUYBOX]
    assert counted == [True, False, True, True, False]
    assert hearsay.visits == 2 * BY_NETWORK + BY_ACCOUNT
    assert (hearsay.claims, hearsay.agreements) == ((), ())
