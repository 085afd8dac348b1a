"""Every setting, read in one place from `PENNYWREN_*`. None is needed: the defaults run on one machine."""

import os
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import msgspec

from pennywren.errors import BadSetting
from pennywren.model.marketplace import MARKETPLACES
from pennywren.running_system import running
from pennywren.setting_files import from_files
from pennywren.setting_values import (
    PRIVATE_NETWORKS,
    SCHEMES,
    Egress,
    Network,
    parse_address,
    parse_egresses,
    parse_networks,
    parse_origins,
)

PREFIX: Final = "PENNYWREN_"

_LAST_PORT: Final = 65_535
_RANGES: Final = {
    "smtp_connections": (1, 50),
    "image_cache_mb": (1, 1_000_000),
    "delivery_lease": (6, 3600),
    "match_lease": (5, 3600),
    "drift_percent": (1, 100),
    "delivery_retry": (1, 3600),
    "crawl_lease": (5, 3600),
    "sweep_every": (1, 3600),
    "queue_lost_after": (1, 86_400),
    "floor_percent": (0, 50),
    "worker_lost_after": (2, 3600),
    "archive_every": (1, 3600),
    "drain": (0, 600),
    "told_within_ms": (0, 2_000),
}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings; a field's docstring is its documentation, and `docs/operations.md` lists them."""

    data_dir: Path = Path(".data")
    """Where the embedded parts keep their data: `./.data` in a checkout, else the XDG data folder."""
    http_host: str = "127.0.0.1"
    """Address that the API listens on."""
    http_port: int = 0
    """Port that the API listens on; 0 picks a free one."""
    drain: int = 0
    """Seconds that the API still answers when told to end, with `/readyz` saying 503: longer than proxies look away."""
    public_url: str | None = None
    """Where people reach the website, for links in mails; the API's own address if not given."""
    redis_url: str | None = None
    """Redis with TimeSeries; embedded if not given."""
    queue_url: str | None = None
    """RQ's own Redis; embedded if not given."""
    postgres_url: str | None = None
    """PostgreSQL; embedded if not given."""
    smtp_url: str | None = None
    """`smtp://user:password@host:port` or `smtps://…`; a local mailbox if not given."""
    mail_from: str = "Pennywren <alerts@pennywren.invalid>"
    """From line of the mails."""
    smtp_connections: int = 4
    """Connections that one delivery job keeps open to the mail server."""
    delivery_lease: int = 120
    """Seconds that a delivery job's claim on an alert lasts: after them another job sends what it died with."""
    match_lease: int = 15
    """Seconds that a matcher reads a partition's changes alone: after them another takes over from one that died."""
    bounce_domain: str | None = None
    """Domain of the return addresses that say which mail came back; bounces go to the sender if not given."""
    mail_events_secret: str | None = None
    """Key that signs what `POST /hooks/mail-events` is told; without it the hook is closed."""
    sms_gateway_url: str | None = None
    """Where a short message is handed over by HTTP POST; no SMS if not given."""
    sms_gateway_authorization: str | None = None
    """The whole Authorization header for the gateway, such as `Bearer …`."""
    sms_gateway_body: str = '{"to": "{to}", "text": "{text}", "reference": "{id}"}'
    """Body for the gateway, with `{to}`, `{text}` and `{id}`: JSON if it begins with a brace, else a form."""
    sms_hook_secret: str | None = None
    """Key that signs what `POST /hooks/sms` is told; without it the hook is closed, and nobody could say STOP."""
    sms_cost: int = 8
    """What one short message costs, in hundredths of any currency."""
    sms_daily_cap: int = 2_000
    """What all short messages of a day (UTC) may cost."""
    sms_daily_cap_person: int = 80
    """What those to one person may cost."""
    push_hosts: tuple[str, ...] = (
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "*.push.apple.com",
        "*.notify.windows.com",
    )
    """Push services that may be sent to: hosts, `*.…` for all below one, or an origin for one of your own."""
    webhook_networks: tuple[str, ...] = ()
    """Private networks that webhooks may lead to, such as `10.0.0.0/8`; none if not given."""
    delivery_retry: int = 30
    """Seconds before a delivery that may succeed later is tried again; doubled each time, up to an hour."""
    sweep_every: int = 30
    """Seconds between two sweeps for what fell between two steps."""
    queue_lost_after: int = 120
    """Seconds in the queue after which a delivery job counts as lost."""
    worker_lost_after: int = 60
    """Seconds without a sign of life after which a job's worker counts as dead."""
    default_marketplace: str = "us"
    """What a bare ASIN means."""
    egresses: tuple[Egress, ...] = (Egress("e1"),)
    """`e1=direct,e2=direct@127.0.0.2,e3=http://proxy:3128`: each sends 1 request per second per host."""
    egresses_per_job: int = 20
    """How many egresses one crawl job keeps busy: a worker process of its own for each such group."""
    shop_origins: dict[str, str] = {}
    """`us=http://127.0.0.1:9000,…` points a marketplace at another origin."""
    image_origin: str | None = None
    """Where product pictures are fetched from instead of the marketplaces' image hosts, such as a mirror of yours."""
    image_cache_mb: int = 1_000
    """Megabytes of small product pictures that are kept in the data folder; the longest unseen go first."""
    user_agent: str = "Pennywren/0.1 (+https://github.com/pennywren/pennywren; price tracker)"
    """How we introduce ourselves to shops; add a way to reach you."""
    trusted_proxies: int = 0
    """How many proxies of ours stand before the API: whose X-Forwarded-For hops are believed."""
    metrics_networks: tuple[Network, ...] = PRIVATE_NETWORKS
    """Who may read `/metrics`: `private` (this machine and private networks), `all`, `none`, or `10.1.0.0/16,…`."""
    recrawl_after: int = 300
    """Seconds that must pass before a product is looked at again, unless somebody asks."""
    discover_per_day: int = 3_000
    """Products that may be followed a day because pages and sitemaps name them; 0 for none."""
    floor_percent: int = 1
    """Of the requests, how many look at products which by their value would never be looked at again (0 to 50 %)."""
    drift_percent: int = 10
    """Above this share of unreadable pages of a marketplace and layout within a day there is a warning (1 to 100 %)."""
    crawl_lease: int = 60
    """Seconds that a product is leased to the crawl worker that looks at it; others wait so long for one that died."""
    gap_after: int = 7 * 86_400
    """Seconds of silence after which a span counts as not observed."""
    told_within_ms: int = 500
    """Milliseconds without a sign from Redis, which tells of changes, until what the API holds is asked for again."""
    charted_after: int = 100
    """Changes after which a product gets its own compactions."""
    cold_after: int = 30 * 86_400
    """Seconds after which a product that nobody watches or views is packed again."""
    cold_up_to: int = 10_000
    """Changes up to which a product is kept packed; a longer history keeps its series."""
    reports_per_install: int = 1200
    """Reports an hour that one install of the extension may send."""
    reports_per_network: int = 20_000
    """Reports an hour that may come from one network (/24 or /48)."""
    installs_per_network: int = 60
    """Installs an hour that one network may make."""
    requests_per_network: int = 12_000
    """Requests an hour from one network (/24 or /48) of whoever is not signed in, a tenth at once; 0: no limit."""
    requests_per_person: int = 12_000
    """Requests an hour of one person, by whatever session or token, a tenth at once; 0: no limit."""
    requests_per_token: int = 6_000
    """Requests an hour by one access token, a tenth at once; 0: no limit."""
    streams_per_network: int = 200
    """Product pages that may be open and listening at once from one network (/24 or /48)."""
    asn_file: Path | None = None
    """Which operator an address belongs to: lines of first address, last address, ASN (`ip2asn-combined.tsv`)."""
    alert_cooldown: int = 6 * 3600
    """Seconds between two alerts of one subscription, unless the price is lower than the last alert's."""
    alerts_kept: int = 180 * 86_400
    """Seconds that alerts, their deliveries and decisions are kept; eight days at least."""
    changes_kept: int = 86_400
    """Seconds that a price change stays in its stream at least, however soon everybody has handled it."""
    archive: str = ""
    """Where every price change is kept: a folder, `s3://BUCKET/PREFIX?…`, or `off`; in `data_dir` if not given."""
    archive_every: int = 60
    """Seconds between two files of the archive."""
    archive_whole: int = 30 * 86_400
    """Seconds back to which prices can be restored to any moment; older rows are folded into one a product."""
    free_subscriptions: int = 100
    """Subscriptions that a person may hold on the free plan."""
    plus_subscriptions: int = 2000
    """Subscriptions that a person may hold on the plus plan."""
    report_retention_days: int = 7
    """Days that a stored report is kept after its own; then it and the key that links it to an install are gone."""
    log_format: str = "text"
    """What processes write on standard error: `text`, or `json` with an object a line."""
    log_level: str = "warning"
    """From what on they write: `warning`, `info` (what became of each alert as well) or `debug`."""
    tracing_url: str | None = None
    """Where spans are sent, such as `http://collector:4318/v1/traces` (OTLP over HTTP); nowhere if not given."""
    mailbox_dir: Path | None = None
    """Set by `pennywren up`: the local mailbox that `/mailbox.json` lists."""

    @property
    def archive_address(self) -> str | None:
        """Where the archive is; None if there is none."""
        if self.archive == "off":
            return None
        return self.archive or str(self.data_dir / "archive")

    @property
    def base_url(self) -> str:
        """The website's address without a trailing slash."""
        return (self.public_url or self.api_url).rstrip("/")

    @property
    def api_url(self) -> str:
        """Where the API listens, without a trailing slash."""
        host = f"[{self.http_host}]" if ":" in self.http_host else self.http_host
        return f"http://{host}:{self.http_port}"

    @property
    def egress_groups(self) -> tuple[tuple[str, ...], ...]:
        """The names of the egresses that one crawl job each keeps busy."""
        names, size = [egress.name for egress in self.egresses], max(self.egresses_per_job, 1)
        return tuple(tuple(names[start : start + size]) for start in range(0, len(names), size))

    @property
    def worker_silent_for(self) -> int:
        """Seconds that a worker may be silent: RQ's own sign of life comes every few."""
        return max(self.worker_lost_after, 10)

    def origin(self, marketplace: str) -> str:
        """Where a marketplace's pages are fetched from."""
        return self.shop_origins.get(marketplace, f"https://{MARKETPLACES[marketplace].host}")


def default_data_dir(environ: Mapping[str, str], cwd: Path) -> Path:
    """`./.data` in a checkout, else the XDG data folder."""
    if (cwd / "pyproject.toml").is_file() and (cwd / "src" / "pennywren").is_dir():
        return cwd / ".data"
    base = environ.get("XDG_DATA_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".local" / "share")
    return Path(base) / "pennywren"


def load_settings(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> Settings:
    """Read the environment; what is not given there comes from the system that runs in the data folder.

    Where `PENNYWREN_NAME_FILE` names a file, PENNYWREN_NAME is what that file holds.

    Raises:
        BadSetting: names the variable, and says what it may be.
    """
    env = dict(os.environ if environ is None else environ)
    data_dir = Path(env.get(PREFIX + "DATA_DIR") or default_data_dir(env, cwd or Path.cwd())).absolute()
    env |= from_files(env, [PREFIX + field.name.upper() for field in msgspec.structs.fields(Settings)])
    given = {k: v for k, v in {**running(data_dir), **env}.items() if k.startswith(PREFIX) and v != ""}
    given[PREFIX + "DATA_DIR"] = str(data_dir)
    values: dict[str, object] = {}
    for field in msgspec.structs.fields(Settings):
        text = given.get(PREFIX + field.name.upper())
        if text is not None:
            values[field.name] = _convert(field.name, text, field.type)
    settings = Settings(**values)  # pyright: ignore[reportArgumentType]  -- each was converted to its field's type
    if settings.default_marketplace not in MARKETPLACES:
        raise BadSetting(f"PENNYWREN_DEFAULT_MARKETPLACE: there are {', '.join(MARKETPLACES)}")
    if settings.http_port > _LAST_PORT:
        raise BadSetting(f"PENNYWREN_HTTP_PORT: {settings.http_port} is not a port: write 1 to {_LAST_PORT}, or 0")
    if settings.log_format not in ("text", "json"):
        raise BadSetting(f"{PREFIX}LOG_FORMAT: write text or json")
    if settings.log_level not in ("warning", "info", "debug"):
        raise BadSetting(f"{PREFIX}LOG_LEVEL: write warning, info or debug")
    _check_ranges(settings)
    return settings


def _check_ranges(settings: Settings) -> None:
    for name, (least, most) in _RANGES.items():
        if not least <= getattr(settings, name) <= most:
            raise BadSetting(f"{PREFIX}{name.upper()}: write {least} to {most}")
    for network in settings.webhook_networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise BadSetting(f"{PREFIX}WEBHOOK_NETWORKS: {network!r} is not a network such as 10.0.0.0/8") from error
    if settings.sms_gateway_url and not settings.sms_hook_secret:
        raise BadSetting(f"{PREFIX}SMS_HOOK_SECRET: set it with {PREFIX}SMS_GATEWAY_URL: STOP must reach us")


def _convert(name: str, text: str, kind: object) -> object:
    if name == "egresses":
        return parse_egresses(text)
    if name == "shop_origins":
        return parse_origins(text)
    if name == "metrics_networks":
        return parse_networks(text)
    if name in SCHEMES:
        return parse_address(name, text)
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if "Path" in str(kind):
        return Path(text)
    if kind is int:
        if not text.isascii() or not text.isdigit():
            raise BadSetting(f"{PREFIX}{name.upper()}: {text!r} is not a whole number")
        return int(text)
    return text
