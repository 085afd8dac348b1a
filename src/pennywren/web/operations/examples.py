"""What answers and bodies may be, by the name of their shape; a test reads each as that shape."""

from typing import Any, Final

_SEEN: Final = "2026-11-25T10:40:00Z"
_LATER: Final = "2026-11-26T09:15:00Z"
_ENDS: Final = "2027-02-23T10:40:00Z"
_KEY: Final = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
_NAME: Final = "us:B08N5WRWNW"

_OFFER: Final = {
    "price": 1299,
    "since": _SEEN,
    "lastSeen": _LATER,
    "low": 1199,
    "lowTime": "2026-07-15T06:00:00Z",
    "high": 1999,
    "highTime": "2026-01-02T12:00:00Z",
}
_PRODUCT: Final = {
    "productID": _NAME,
    "name": "A kettle, 1.7 litres",
    "currentPrice": 1299,
    "currency": "USD",
    "updatedTime": _LATER,
    "low": 1199,
    "high": 1999,
    "availability": "in_stock",
    "image": None,
    "retiredTime": None,
    "url": "https://www.amazon.com/dp/B08N5WRWNW",
    "offers": {"buybox": _OFFER},
}
_WATCH: Final = {
    "id": 17,
    "productID": _NAME,
    "threshold": 1299,
    "rule": {"kind": "priceAtOrBelow", "threshold": 1299},
    "waitsFor": "the price is 12.99 USD or less",
    "basePrice": None,
    "currency": "USD",
    "offer": "buybox",
    "notificationType": "EMAIL",
    "state": "active",
    "once": False,
    "rearmAfter": None,
    "expiresTime": None,
    "snoozedUntil": None,
    "createdTime": _SEEN,
    "armedTime": _SEEN,
    "lastAlertTime": None,
}
_TOKEN: Final = {
    "id": 3,
    "name": "Home assistant",
    "scopes": ["products:read", "watches:read"],
    "createdTime": _SEEN,
    "lastUsedTime": _LATER,
    "expiresTime": _ENDS,
}
_PHONE: Final = {"id": 4, "number": "+436601234567", "verified": True, "stopped": False}
_BROWSER: Final = {
    "id": 5,
    "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
    "name": "Firefox at home",
    "createdTime": _SEEN,
}
_WEBHOOK: Final = {
    "id": 6,
    "url": "https://hooks.example.com/pennywren",
    "createdTime": _SEEN,
    "previousSecretUntil": None,
    "endedTime": None,
}
_INSTALL: Final = {"id": "0123456789abcdef", "createdTime": _SEEN}
_TIMES: Final = {"p50": 0.9, "p95": 2.4, "p99": 6.1, "withinHour": 1.0, "count": 1840, "missed": 0}
_MISSING: Final = {
    "type": "/problems/not-found",
    "title": "Not found",
    "status": 404,
    "detail": "us:B000000001 is not followed here yet: POST it to /products.",
    "instance": "/products/us:B000000001",
}

EXAMPLES_OF: Final[dict[str, Any]] = {
    "ProductView": _PRODUCT,
    "ProductBatch": {
        "products": [{"id": _NAME, "product": _PRODUCT}, {"id": "B000000001", "problem": _MISSING}],
    },
    "History": {
        "productID": _NAME,
        "offer": "buybox",
        "currency": "USD",
        "interval": "day",
        "startTime": "2026-11-24T00:00:00Z",
        "endTime": "2026-11-26T00:00:00Z",
        "history": [
            {"timestamp": "2026-11-24T00:00:00Z", "price": 1399, "low": 1399, "high": 1399},
            {"timestamp": "2026-11-25T00:00:00Z", "price": 1341, "low": 1299, "high": 1399},
        ],
        "low": {"price": 1299, "timestamp": _SEEN},
        "high": {"price": 1399, "timestamp": "2026-11-24T00:00:00Z"},
        "average": 1370,
        "lastSeen": _LATER,
        "noOffer": [],
        "notObserved": [],
    },
    "HistoryColumns": {
        "productID": _NAME,
        "offer": "buybox",
        "currency": "USD",
        "interval": "raw",
        "startTime": "2026-11-24T00:00:00Z",
        "endTime": "2026-11-27T00:00:00Z",
        "columns": {"elapsed": [3_600_000, 121_200_000], "price": [1399, 1299]},
        "low": {"price": 1299, "timestamp": _SEEN},
        "high": {"price": 1399, "timestamp": "2026-11-24T01:00:00Z"},
        "average": 1370,
        "lastSeen": _LATER,
        "noOffer": {"elapsed": [], "lasts": []},
        "notObserved": {"elapsed": [36_000_000], "lasts": [7_200_000]},
        "unverified": {"elapsed": [], "lasts": []},
    },
    "ProofView": {
        "productID": _NAME,
        "offer": "buybox",
        "timestamp": _LATER,
        "price": 1299,
        "currency": "USD",
        "since": _SEEN,
        "until": None,
        "lastSeen": _LATER,
        "ground": "crawl",
        "reporters": 0,
        "firstTime": None,
        "crawledTime": _SEEN,
        "words": ["A crawl of ours saw this price."],
        "withdrawn": [],
    },
    "TrackedView": {"productID": _NAME, "status": "tracked", "url": f"/products/{_NAME}"},
    "SuggestionsView": {
        "productID": _NAME,
        "offer": "buybox",
        "currency": "USD",
        "currentPrice": 1299,
        "suggestions": [{"name": "minus10Percent", "label": "10% less", "threshold": 1169}],
    },
    "TargetView": {
        "productID": _NAME,
        "offer": "buybox",
        "currency": "USD",
        "threshold": 1199,
        "text": "11.99 USD was met 3 times since we began on 2025-11-25; last on 2026-07-15.",
        "enough": True,
        "knownDays": 366,
        "sinceTime": "2025-11-25T10:40:00Z",
        "timesMet": 3,
        "lastMetTime": "2026-07-15T06:00:00Z",
        "metNow": False,
        "shareOfTime": 0.031,
        "typicalWaitDays": 41.5,
        "chanceWithin30Days": 0.34,
    },
    "SubscriptionView": _WATCH,
    "SubscriptionList": {"subscriptions": [_WATCH], "next": "subscriptions-17"},
    "TraceView": {"subscription": _WATCH, "text": "It waits for 12.99 USD or less.", "changes": []},
    "SignInSent": {"status": "sent"},
    "SessionView": {"token": "k8fQ…", "expiresTime": _ENDS},
    "PreferencesView": {
        "language": "de",
        "locale": "de-AT",
        "timeZone": "Europe/Vienna",
        "channels": ["PUSH", "EMAIL"],
        "quietHours": {"from": "22:30", "to": "07:00"},
        "digest": "daily",
        "digestHour": 8,
        "digestWeekday": 1,
        "weeklyBudget": 20,
    },
    "EmailAddressView": {"email": "ada@example.com", "suppressed": None},
    "TokenView": _TOKEN,
    "TokenList": {"tokens": [_TOKEN]},
    "PhoneView": _PHONE,
    "PhoneList": {"phones": [_PHONE]},
    "PushKeyView": {"publicKey": _KEY},
    "PushSubscriptionView": _BROWSER,
    "PushSubscriptionList": {"pushSubscriptions": [_BROWSER]},
    "WebhookView": _WEBHOOK,
    "WebhookList": {"webhooks": [_WEBHOOK]},
    "WebhookTest": {"delivered": True, "problem": None},
    "MailEventsTaken": {"taken": 1},
    "NewInstallView": {"id": "0123456789abcdef", "token": "8d1x…", "createdTime": _SEEN},
    "InstallView": _INSTALL,
    "InstallList": {"installs": [_INSTALL], "next": "installs-0123456789abcdef"},
    "VerdictList": {
        "verdicts": [{"verdict": "accepted", "reason": "confirms", "detail": "It is the price that is known."}]
    },
    "NewPairingView": {
        "token": "pennywren_…",
        "code": "BCDF-GHJK",
        "expiresTime": _LATER,
        "confirmURL": "https://pennywren.example/account/connections?code=BCDF-GHJK",
    },
    "PairingView": {"status": "waiting", "code": "BCDF-GHJK", "expiresTime": _LATER, "email": None},
    "StatusView": {
        "missing": [],
        "alerts": {"decided": 0, "held": 12, "sending": 0, "delivered": 1822, "failed": 1, "dropped": 5},
        "timeToAlert": _TIMES,
        "timeToAlert30Days": _TIMES,
        "crawl": {
            "products": 120_000,
            "requestsLastMinute": 1190,
            "requestsPerMinute": 1200,
            "unreadableShare": 0.0021,
            "egressesHeld": 0,
            "oldestDueSeconds": 41.0,
        },
    },
    "ProblemKind": {
        "type": "/problems/plan-limit",
        "title": "Your plan's limit is reached",
        "status": 403,
        "meaning": "A plan allows a number of subscriptions; the detail says how many.",
    },
    "DeliveryList": {
        "deliveries": [
            {
                "id": 41,
                "subscriptionID": 17,
                "productID": _NAME,
                "offer": "buybox",
                "about": "change",
                "price": 1299,
                "currency": "USD",
                "channel": "email",
                "outcome": "delivered",
                "reason": None,
                "time": _SEEN,
            }
        ],
        "next": "deliveries-41",
    },
    "SessionList": {
        "sessions": [{"kind": "bearer", "createdTime": _SEEN, "expiresTime": _ENDS, "current": True, "id": 9}],
        "next": "sessions-9",
    },
    "HealthView": {"redis": True, "postgres": True},
    "ReadyView": {"redis": True, "queue": True, "schema": True},
    "VerdictView": {"verdict": "accepted", "reason": "confirms", "detail": "It is the price that is known."},
    # What is asked
    "AnotherPrice": {"amount": "12.99"},
    "NewProduct": {"product": "https://www.amazon.com/dp/B08N5WRWNW", "priceSeen": "12.99"},
    "NewSubscription": {"productID": _NAME, "threshold": 1299, "notificationType": "EMAIL"},
    "SubscriptionChange": {"threshold": 1199},
    "SignInRequest": {"email": "ada@example.com"},
    "NewToken": {"name": "Home assistant", "scopes": ["products:read", "watches:read"], "expiresInDays": 365},
    "PreferencesChange": {
        "locale": "de-AT",
        "timeZone": "Europe/Vienna",
        "channels": ["PUSH", "EMAIL"],
        "quietHours": {"from": "22:30", "to": "07:00"},
        "digest": "daily",
        "digestHour": 8,
        "weeklyBudget": 20,
    },
    "NewPhone": {"number": "+43 660 1234567"},
    "PhoneCode": {"code": "123456"},
    "NewPushSubscription": {
        "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
        "keys": {
            "p256dh": _KEY,
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        },
        "name": "Firefox at home",
    },
    "NewWebhook": {"url": "https://hooks.example.com/pennywren"},
    "SmsEvent": {"from": "+436601234567", "text": "STOP"},
    "MailEvents": {"events": [{"type": "bounce", "returnPath": "b+7+3f2a@bounces.example.com", "permanent": True}]},
    "InstallPairing": {"token": "8d1x…"},
    "NewPairing": {"email": "ada@example.com", "productID": _NAME, "threshold": 1299},
    "ObservationBatch": {
        "observations": [
            {
                "productID": _NAME,
                "offer": "buybox",
                "price": 1299,
                "currency": "USD",
                "title": "A kettle, 1.7 litres",
                "observedAt": "2026-11-25T12:00:00Z",
                "context": {"signedIn": True, "memberPrice": False, "coupon": False, "subscription": False},
            }
        ]
    },
    "Tap": {"action": "week"},
}
TEXTS: Final = {
    "text/html": '<!doctype html><html lang="en"><head><title>A kettle, 1.7 litres · Pennywren</title></head>…</html>',
    "text/csv": (
        "time,state,price,low,high,currency,offer,product\r\n"
        "2026-11-25T10:40:00Z,offered,12.99,,,USD,buybox,us:B08N5WRWNW\r\n"
    ),
    "application/atom+xml": (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>A kettle, 1.7 litres: Buy box</title>…'
        "<entry><title>A kettle, 1.7 litres: $12.99 (was $14.99)</title>…</entry></feed>"
    ),
    "text/plain": "It sleeps until 2 December 2026, 10:40 UTC.\n",
    "image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 280" role="img">…</svg>',
}
"""What answers may be that are no JSON, by their media type; of pictures made of bytes there is none."""
