#include "api/service.h"

namespace barracuda::api {

Service::Service(const Parts& of)
    : answers_(of.answers),
      accounts_{
          .engine = of.engine,
          .ledger = of.ledger,
          .keys = of.keys,
          .admin = of.admin,
          .shared = of.shared,
          .queries = of.queries,
          .settings = of.config.server,
          .demo = of.config.demo,
          .open_ingest = of.config.auth.ingest == "open",
          .proxies = auth::TrustedProxies(of.config.server.trusted_proxies)},
      reports_{
          .ledger = of.ledger,
          .dispatcher = of.dispatcher,
          .catalog = of.catalog,
          .destinations = of.destinations,
          .flows = of.flows,
          .goals = of.goals,
          .offer = of.config.network.offer,
          .inline_wait = of.config.delivery.inline_wait,
          .ignored_values = ignored_values_},
      forms_{
          .accounts = accounts_,
          .site = of.site,
          .flows = of.flows,
          .settings = of.config.forms,
          .dashboard_url = of.config.network.dashboard_url,
          .inline_wait = of.config.delivery.inline_wait,
          .ignored_values = ignored_values_,
          .limit = auth::RateLimit(
              {.per_minute = of.config.limits.forms_per_minute,
               .total_per_minute = of.config.limits.forms_total_per_minute}
          )},
      landing_{.site = of.site},
      lists_{.engine = of.engine, .queries = of.queries},
      conversions_{
          .engine = of.engine,
          .ledger = of.ledger,
          .catalog = of.catalog,
          .jobs = of.replays,
          .queries = of.queries},
      contact_pages_{
          .engine = of.engine,
          .ledger = of.ledger,
          .flows = of.flows,
          .erasures = of.erasures,
          .queries = of.queries},
      deliveries_{
          .engine = of.engine,
          .ledger = of.ledger,
          .dispatcher = of.dispatcher,
          .replays = of.replays,
          .queries = of.queries,
          .logs = of.logs,
          .attempts = of.attempts},
      entities_{
          .engine = of.engine,
          .ledger = of.ledger,
          .dispatcher = of.dispatcher,
          .catalog = of.catalog,
          .destinations = of.destinations,
          .replays = of.replays,
          .goals = of.goals,
          .config = of.config,
          .queries = of.queries,
          .reaches = of.reaches},
      logs_{
          .store = of.logs,
          .received = of.received,
          .attempts = of.attempts,
          .queries = of.queries},
      events_{.hub = of.events},
      vitals_{
          .config = of.config,
          .engine = of.engine,
          .ledger = of.ledger,
          .dispatcher = of.dispatcher,
          .catalog = of.catalog,
          .membership = of.membership,
          .answers = of.answers,
          .received = of.received,
          .attempts = of.attempts,
          .version = of.version,
          .data = of.config.store.data,
          .numbers = of.numbers,
          .examine = of.examine,
          .reaches = of.reaches,
          .ignored_values = ignored_values_} {}

}  // namespace barracuda::api
