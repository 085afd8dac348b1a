"""The application: which handlers there are, and what goes around all of them."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from pennywren.errors import PennywrenError
from pennywren.model.clock import Clock, system_clock
from pennywren.settings import Settings, load_settings
from pennywren.web.account import (
    account_data,
    channels_page,
    connections_page,
    deliveries,
    feeds,
    phones,
    preferences,
    preferences_form,
    push_subscriptions,
    sessions,
    sign_in,
    tokens,
    watch_bulk,
    watch_list,
    webhooks,
)
from pennywren.web.extension import installs, observations, pairing
from pennywren.web.operations import PARAMETERS, SCOPES
from pennywren.web.product import (
    another_price,
    batch,
    exports,
    home,
    images,
    live,
    product_feed,
    products,
    proofs,
    targets,
)
from pennywren.web.product.hot_history import HotHistory
from pennywren.web.rendering import assets, static_files
from pennywren.web.resources import open_resources
from pennywren.web.serving.body import MAX_BODY
from pennywren.web.serving.counting import count_request
from pennywren.web.serving.headers import adding_headers
from pennywren.web.serving.identity import Connected, require_scope
from pennywren.web.serving.known_parameters import require_known
from pennywren.web.serving.once import Once, refuse_noted
from pennywren.web.serving.paths import PlainPaths
from pennywren.web.serving.problems import CrossSite, answer_error
from pennywren.web.serving.request_ids import RequestIDs
from pennywren.web.serving.same_site import is_forged
from pennywren.web.serving.shedding import Delay, Room, Shedding, refuse_late
from pennywren.web.site import admin, developers, hooks, mailbox, metrics, status
from pennywren.web.watch import (
    bought,
    importing,
    pasting,
    quiet_watch,
    stop_mails,
    subscriptions,
    unsubscribe,
    watch_new,
    watch_page,
    watching,
)

HANDLERS: Final = (
    home.show_home,
    assets.show_asset,
    home.show_about,
    home.show_privacy,
    static_files.show_static,
    home.show_problem,
    developers.show_openapi,
    batch.list_products,
    products.show_product,
    products.show_history,
    exports.show_history_csv,
    product_feed.show_product_feed,
    exports.show_chart_svg,
    exports.show_chart_png,
    images.show_image,
    proofs.show_proof,
    targets.show_suggestions,
    targets.show_target,
    tokens.create_token,
    tokens.list_tokens,
    tokens.delete_token,
    installs.create_install,
    installs.delete_install,
    installs.list_installs,
    installs.pair,
    pairing.begin_pairing,
    pairing.show_pairing,
    pairing.end_pairing,
    pairing.show_pair_link,
    pairing.confirm_pair_link,
    pairing.show_connections,
    pairing.confirm_code,
    pairing.end_connection,
    live.show_live,
    observations.report_observations,
    products.track_product,
    pasting.track_list,
    developers.show_developers,
    subscriptions.create_subscription,
    subscriptions.list_subscriptions,
    subscriptions.show_subscription,
    subscriptions.trace_subscription,
    subscriptions.change_subscription,
    subscriptions.delete_subscription,
    sign_in.ask_address,
    sign_in.request_link,
    sign_in.confirm_sign_in,
    sign_in.sign_in,
    sign_in.sign_out,
    watch_list.show_account,
    watching.watch_product,
    another_price.report_price,
    watching.show_watch_link,
    watching.confirm_watch,
    account_data.show_data,
    account_data.show_watches_csv,
    account_data.delete_account,
    account_data.show_data_page,
    bought.ask_bought,
    bought.watch_bought,
    feeds.show_feed,
    feeds.renew_feed,
    feeds.end_feed,
    importing.show_import,
    importing.preview_import,
    importing.apply_import,
    account_data.confirm_delete_account,
    deliveries.list_deliveries,
    channels_page.show_channels,
    channels_page.delete_phone_by_form,
    channels_page.delete_browser_by_form,
    channels_page.delete_webhook_by_form,
    connections_page.create_token_by_form,
    connections_page.delete_install_by_form,
    preferences_form.change_preferences_by_form,
    sessions.list_sessions,
    sessions.delete_session,
    sessions.end_session,
    sessions.end_other_sessions,
    watch_list.change_watch,
    watch_list.delete_watch,
    watch_bulk.change_watches,
    watch_new.ask_watch,
    watch_new.make_watch,
    watch_page.change_rule,
    watch_page.change_terms,
    watch_page.change_quiet,
    preferences.show_preferences,
    preferences.change_preferences,
    preferences.show_email,
    preferences.resume_email,
    phones.list_phones,
    phones.add_phone,
    phones.confirm_phone,
    phones.delete_phone,
    push_subscriptions.show_push_key,
    push_subscriptions.show_push_worker,
    push_subscriptions.list_push_subscriptions,
    push_subscriptions.add_push_subscription,
    push_subscriptions.delete_push_subscription,
    webhooks.list_webhooks,
    webhooks.add_webhook,
    webhooks.rotate_webhook,
    webhooks.test_webhook,
    webhooks.delete_webhook,
    hooks.take_sms,
    hooks.take_mail_events,
    stop_mails.confirm_stop_mails,
    stop_mails.stop_mails,
    quiet_watch.confirm_quiet,
    quiet_watch.quiet,
    unsubscribe.confirm_unsubscribe,
    unsubscribe.unsubscribe,
    admin.show_overview,
    admin.show_reporters,
    admin.change_listening,
    admin.show_egresses,
    admin.show_unreadable,
    admin.show_unreadable_page,
    admin.show_plans,
    admin.change_plan,
    admin.show_trail,
    status.show_status,
    status.show_health,
    status.show_readiness,
    metrics.show_metrics,
)
_NOT_PACKED: Final = ["^/static/", "/history$", "/live$", r"\.(?:png|webp)$"]
"""Packed already, held as they are, sent bit by bit, or small as they are."""
MAILBOX_HANDLERS: Final = (mailbox.list_mails, mailbox.show_mails)
"""Only on a machine with a local mailbox."""


def create_app(
    settings: Settings | None = None, clock: Clock = system_clock, is_ending: Callable[[], bool] = lambda: False
) -> PlainPaths:
    """The website and the API as one ASGI application; without settings they are read from the environment.

    While `is_ending` says so, `/readyz` tells proxies to send nobody any more.
    """
    settings = settings or load_settings()
    litestar = create_litestar(settings, clock, is_ending)
    app = HotHistory(litestar, RequestIDs(Once(litestar, litestar)), clock, settings)
    return PlainPaths(litestar, Shedding(app, settings, Delay(), Room()))


def create_litestar(
    settings: Settings, clock: Clock = system_clock, is_ending: Callable[[], bool] = lambda: False
) -> Litestar:
    """The framework's application, without what goes before its routing."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        async with open_resources(settings, clock) as resources:
            app.state.resources = resources
            app.state.scopes = SCOPES
            app.state.parameters = PARAMETERS
            app.state.is_ending = is_ending
            yield

    async def admit(connection: Connected, handler: BaseRouteHandler) -> None:
        # One guard for all: the framework copies the handler for each, and gives each that is no coroutine to a thread.
        refuse_noted(connection)
        method = connection.scope["method"] if connection.scope["type"] == "http" else "GET"
        if not handler.opt.get("from_anywhere") and is_forged(method, connection.headers, settings.base_url):
            raise CrossSite
        await count_request(connection, handler)
        await require_scope(connection)
        require_known(connection)
        refuse_late(connection)

    return Litestar(
        route_handlers=[*HANDLERS, *(MAILBOX_HANDLERS if settings.mailbox_dir else ())],
        lifespan=[lifespan],
        guards=[admit],
        exception_handlers={PennywrenError: answer_error, HTTPException: answer_error, Exception: answer_error},
        before_send=[adding_headers(settings)],
        compression_config=CompressionConfig(
            backend="gzip", minimum_size=1024, gzip_compress_level=6, exclude=_NOT_PACKED
        ),
        request_max_body_size=MAX_BODY,
        openapi_config=None,
        logging_config=None,
    )
