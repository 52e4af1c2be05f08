#include "app/import_target.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "app/control.h"
#include "app/import_source.h"
#include "app/open_store.h"
#include "app/operation_parts.h"
#include "contacts/flag_check.h"
#include "delivery/schedule_check.h"
#include "ledger/edit_and_wait.h"
#include "nodes/membership.h"

namespace barracuda::app {

namespace {

using std::chrono::milliseconds;

// A server that starts or stops holds the store's lock for a moment without a control socket.
constexpr int kTries = 15;
constexpr milliseconds kPause{200};

// Of lines in one ask. The last of them may be as long as a line is, and each byte may become six.
constexpr size_t kAskedBytes = 256 << 10;
static_assert((kAskedBytes + ImportSource::kLineBytesMax) * 6 + 4096 < kControlLineMax);

class ServersLedger final : public ImportTarget {
public:
    ServersLedger(std::string data, bool notify, bool dry_run) : data_(std::move(data)) {
        ask_.command = Command::kImportLines;
        ask_.notify = notify;
        ask_.dry_run = dry_run;
    }

    // A server that is restarted meanwhile is waited for.
    Result<std::vector<LineResult>> Record(const std::vector<std::string>& lines) override {
        ask_.lines = lines;
        const std::string line = Encode(ask_);
        Error last{ErrorCode::kUnavailable, "no server runs on " + data_ + " any more", {}};
        for (int tries = 0; tries < kTries; ++tries) {
            if (tries > 0) std::this_thread::sleep_for(kPause * tries);
            auto said = AskServer(data_, line);
            if (!said) last = said.error();
            if (!said || !*said) continue;
            auto answer = DecodeAnswer(**said);
            if (!answer) return Fail(answer.error());
            if (answer->lines.size() == lines.size()) return std::move(answer->lines);
            return Fail(ErrorCode::kUnavailable, "the server answers: " + answer->note);
        }
        return Fail(last);
    }
    size_t lines_max() const override { return 1'000; }
    size_t bytes_max() const override { return kAskedBytes; }
    Result<bool> Finish() override { return true; }  // the server's flows do it
    std::string place() const override { return "the server on " + data_; }

private:
    const std::string data_;
    Ask ask_;
};

class OwnStore final : public ImportTarget {
public:
    OwnStore(
        std::unique_ptr<store::Engine> engine,
        api::ImportRules rules,
        const std::string& data,
        bool notify,
        bool dry_run
    )
        : engine_(std::move(engine)),
          rules_(std::move(rules)),
          data_(data),
          options_{.notify = notify, .dry_run = dry_run, .many = OptionsAlone().many},
          ledger_(*engine_, OptionsAlone().ledger, {}) {}

    Result<std::vector<LineResult>> Record(const std::vector<std::string>& lines) override {
        if (auto trouble = engine_->Trouble()) return Fail(ErrorCode::kUnavailable, *trouble);
        return RecordLines(ledger_, rules_, lines, options_);
    }
    size_t lines_max() const override { return OptionsAlone().lines; }
    size_t bytes_max() const override { return 16 << 20; }
    Result<bool> Finish() override {
        if (options_.dry_run) return true;
        const delivery::Mend mend = [this](store::Ref ref, ledger::EditFunction change) {
            return ledger::EditAndWait(ledger_, std::move(ref), std::move(change), kLedgerPatience);
        };
        std::vector<std::string> trailing;
        auto followed = contacts::CheckFlags(*engine_, {}, mend, trailing);
        if (!followed) return Fail(followed.error());
        return true;
    }
    std::string place() const override { return "the store in " + data_; }

private:
    const std::unique_ptr<store::Engine> engine_;
    const api::ImportRules rules_;
    const std::string data_;
    const LinesOptions options_;
    ledger::Ledger ledger_;  // last: it uses the engine until it has stopped
};

}  // namespace

AloneOptions OptionsAlone() {
    AloneOptions options;
    options.ledger.node = nodes::NewBootId();
    options.ledger.queue_max = options.lines;
    options.ledger.batch_commands_max = 4'096;
    options.ledger.batch_bytes_max = 16 << 20;
    options.many = {.under_way_max = options.lines, .alone = true};
    return options;
}

Result<std::unique_ptr<ImportTarget>> OpenTarget(
    const config::Config& config, bool notify, bool dry_run
) {
    const std::string& data = config.store.data;
    for (int tries = 1;; ++tries) {
        auto said = AskServer(data, Encode(Ask{.command = Command::kPing}), kAnswerPatience);
        if (!said) return Fail(said.error());
        std::unique_ptr<ImportTarget> target;
        if (*said) {
            target = std::make_unique<ServersLedger>(data, notify, dry_run);
            return target;
        }
        if (config.store.IsMongo()) {
            return Fail(
                ErrorCode::kInvalid,
                "over MongoDB conversions are imported through a node: start one on " + data
            );
        }
        auto engine = OpenStore(config, {});
        if (!engine && (engine.error().code != ErrorCode::kConflict || tries == kTries)) {
            return Fail(engine.error());
        }
        if (engine) {
            auto rules = RulesOfStore(**engine, config);
            if (!rules) return Fail(rules.error());
            target = std::make_unique<OwnStore>(
                std::move(*engine), std::move(*rules), data, notify, dry_run
            );
            return target;
        }
        std::this_thread::sleep_for(kPause);
    }
}

}  // namespace barracuda::app
