// The help's texts beyond names of options: how to begin, and what a command does. Constant.
#pragma once

namespace barracuda::app {

inline constexpr const char* kAbout =
    "Barracuda records conversions exactly once and tells the affiliate network about them.";

inline constexpr const char* kStart = R"(
First steps:
  barracuda demo                                         look at it: made-up data, gone at the end
  barracuda serve                                        serve on 127.0.0.1:8080, data in ./data
  barracuda key create --name shop --scope ingest        a key for your servers, shown once
  curl 'http://127.0.0.1:8080/api/postback?click_id=c1&affiliate_id=7&goal=registration' \
    -H 'Authorization: Bearer KEY'

Settings come from built-in defaults, a TOML file (--config), the environment
(BARRACUDA_SECTION_KEY) and flags; the later one wins. `barracuda check-config` prints all of
them and where each came from. `barracuda COMMAND --help` explains one command.
)";

inline constexpr const char* kVersion = "barracuda " BARRACUDA_VERSION;

inline constexpr const char* kBackup = R"(
  barracuda backup DIR                 a new directory: every file copied, read back, with checksums
  barracuda backup DIR --keep 30       one more in a place of several: writes what is new, keeps 30
  barracuda backup DIR --follow        backups in a place and all that comes since, to any moment
  barracuda backup - | zstd > FILE     a stream; one that is cut off is refused by restore
Progress goes to stderr. Over MongoDB: mongodump, docs/operating/mongodb.md. More:
docs/operating/backup.md
)";

inline constexpr const char* kRestore = R"(
  barracuda restore DIR --data NEW                             a backup
  barracuda restore PLACE --data NEW                           the newest, with all that came since
  barracuda restore PLACE --until 2026-01-31T18:00:00Z --data NEW
                                       what was acknowledged until then, and nothing later
  zstd -d < FILE | barracuda restore - --data NEW              a stream
Until its end nothing opens NEW; one that broke off starts over. More: docs/operating/backup.md
)";

inline constexpr const char* kAdopt = R"(
Stop that application first, and make a dump: mongodump is the way back. Run it again when it was
interrupted, it goes on where it stopped. Progress goes to stderr, the report to stdout. Exit code: 0
adopted, or nothing to adopt; 1 interrupted or failed on the way; 2 not begun.
More: docs/operating/adopt.md
)";

inline constexpr const char* kPlace =
    "rocksdb:DIR or a MongoDB address; not given: the store of the settings";

inline constexpr const char* kMigrate = R"(
Stop every server first. The target has to be empty. Run it again when it was interrupted, it goes on
where it stopped; until its end nothing serves from the target. Both stores are compared in the end.
Exit code: 0 moved; 1 broken off, or not the same; 2 not begun. More: docs/operating/moving.md
)";

inline constexpr const char* kImport = R"(
Each line is a conversion: click_id, goal_id (or goal_type), and what a report may have. It is decided as
a report of a keyed route: what is known is a duplicate, so that the same file may be imported again. The
networks are not told, unless --notify says so. With a server running on the data directory it goes
through the server, else into the store. What is refused goes into FILE.refused with its line and why.

  barracuda import sales.csv --dry-run
  barracuda import sales.csv --map 'Player ID=click_id' --map 'Sum=amount' --state sales.state
  barracuda import store.jsonl                    an export, into an empty store, no server on it

Exit code: 0 every line is in the ledger; 1 some were refused, or it broke off; 2 not begun.
More: docs/formats/import.md
)";

inline constexpr const char* kVerify = R"(
It reads every document and compares: indexes, work queue and sums with the documents, each conversion
with its deliveries (due, owner, dead), each contact with its conversions (affiliateRegistered, ftd,
ftd_amount, ftd_date, its flow). Contacts are named by their ids. It works beside a running server, which
goes on meanwhile. More: docs/operating/commands.md
)";

inline constexpr const char* kRetry = R"(
They are due at once: the server sends them, now or when it runs again. With filters and a rate:
POST /api/admin/replays, docs/operating/logs.md. Exit code 1: an ID is no dead delivery's, or the store
failed on the way.
)";

inline constexpr const char* kErase = R"(
  barracuda erase --email ann@example.com --dry-run    which contacts go, and how much loses something
  barracuda erase --click 5f2c9d                       all that may say the visitor of this click
Conversions stay, with their ids, affiliates, sums and states. What it prints goes into no log; keep the
ids of the contacts, to erase them again after a restore. Exit code 1: nobody was found, or not all is
erased yet: run it again. More: docs/operating/privacy.md
)";

inline constexpr const char* kDemo = R"(
It prints where to sign in, and serves until Ctrl-C; then its store goes. No file of settings, no
BARRACUDA_ name of the environment and no store of yours is read or written. The networks are a sandbox
in the same process, which fails now and then; nothing beyond 127.0.0.0/8 is called.

  barracuda demo                                  a million conversions, on 127.0.0.1:8080
  barracuda demo --conversions 20000 --listen 127.0.0.1:0
  barracuda demo --seed 7                         others; the same seed makes the same, up to now
)";

inline constexpr const char* kDoctor = R"(
One line a finding: ok, warn or fail, and what to do. Exit code: the worst, 0, 1 or 2. With a server
running on the data directory it tells what is in its store.
)";

inline constexpr const char* kExitCodes =
    "0: done. 1: not done, or something was found. 2: not started: arguments, settings, no store, "
    "another user's store, a server that does not answer. doctor: the worst of its findings, 0 ok, "
    "1 warn, 2 fail.";

inline constexpr const char* kFiles = R"(
/etc/barracuda/barracuda.toml    settings of the Debian package's service
/etc/barracuda/hash              the network's hash, which only root reads
/var/lib/barracuda               its data
)";

inline constexpr const char* kSettings =
    "A setting comes from its default, then this file (--config FILE), then the environment, then "
    "a "
    "flag; the last one wins. barracuda check-config prints all of them and where each came from, "
    "barracuda check-config --reference a file of all of them with their defaults to begin with. "
    "In a file the part before the dot is a [section]; numbers and switches stand bare, everything "
    "else in quotes, lists are arrays. A name of the environment with _FILE behind it names a file "
    "that holds the value.";

}  // namespace barracuda::app
