#include "ledger/ledger.h"

#include <algorithm>
#include <future>
#include <map>

#include "base/check.h"
#include "base/thread_name.h"
#include "ledger/batch.h"
#include "ledger/lanes.h"
#include "ledger/recent.h"

namespace barracuda::ledger {

namespace {

// The bytes that a command may add to a batch, roughly: enough to bound the batch.
size_t BytesOf(const domain::Command& command) {
    size_t bytes = 256;
    if (const auto* report = std::get_if<domain::Report>(&command)) {
        for (const auto& [field, value] : report->given.all()) bytes += value.size() + 16;
    } else if (const auto* outcome = std::get_if<domain::Outcome>(&command)) {
        bytes += outcome->response.size() + outcome->error.size();
    }
    return bytes;
}

Error StoppingError() { return {ErrorCode::kUnavailable, "the server is stopping", {}}; }

// A report is some 600 bytes with a dozen texts: it is moved no oftener than it must.
Entry EntryOf(domain::Command&& command, Done&& done) {
    Entry entry;
    entry.ref = store::RefOf(domain::KeyOf(command));
    entry.group = GroupOf(entry.ref);
    entry.bytes = BytesOf(command);
    auto& work = entry.work.emplace<CommandWork>();
    work.command = std::move(command);
    work.done = std::move(done);
    return entry;
}

Entry EntryOf(store::Ref ref, EditFunction edit, EditDone done) {
    Entry entry;
    entry.group = GroupOf(ref);
    entry.ref = std::move(ref);
    entry.work = EditWork{std::move(edit), std::move(done)};
    entry.bytes = 1024;
    return entry;
}

// The network was told: to forget that would tell it twice.
bool MustBeStored(const Entry& entry) {
    const CommandWork* work = entry.command();
    return work && std::holds_alternative<domain::Outcome>(work->command) && work->answer &&
           !*work->answer && work->answer->error().code == ErrorCode::kUnavailable;
}

LaneOptions LanesOf(const Options& options, const store::Engine& engine) {
    LaneOptions lanes;
    lanes.writers = engine.InsertsFirst() ? std::max(options.writers, 2u) : 1;
    lanes.queue_max = options.queue_max;
    lanes.batch_entries_max = options.batch_commands_max;
    lanes.batch_bytes_max = options.batch_bytes_max;
    return lanes;
}

}  // namespace

Ledger::Ledger(store::Engine& engine, Options options, Hooks hooks)
    : engine_(engine),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      lanes_(std::make_unique<Lanes>(LanesOf(options_, engine))),
      node_(options_.node) {
    BARRACUDA_CHECK(options_.rounds_max > 0 && hooks_.now);
    if (engine.InsertsFirst()) recent_ = std::make_unique<Recent>();
    for (unsigned i = 0; i < LanesOf(options_, engine).writers; ++i) {
        threads_.emplace_back([this] {
            NameThread("ledger");
            Run();
        });
    }
}

Ledger::~Ledger() { Stop(); }

bool Ledger::Submit(domain::Command command, unsigned io_thread, Done done) {
    Entry entry = EntryOf(std::move(command), std::move(done));
    entry.command()->io_thread = static_cast<int>(io_thread);
    return PushRoute(std::move(entry));
}

void Ledger::SubmitInternal(domain::Command command, Done done) {
    PushInternal(EntryOf(std::move(command), std::move(done)));
}

void Ledger::Edit(store::Ref ref, EditFunction edit, EditDone done) {
    PushInternal(EntryOf(std::move(ref), std::move(edit), std::move(done)));
}

bool Ledger::SubmitEdit(store::Ref ref, EditFunction edit, EditDone done) {
    return PushRoute(EntryOf(std::move(ref), std::move(edit), std::move(done)));
}

bool Ledger::PushRoute(Entry&& entry) {
    entry.lane = Lane::kRoutes;
    if (lanes_->Push(entry)) return true;
    MutexLock lock(mutex_);
    ++counters_.refused;
    return false;
}

void Ledger::PushInternal(Entry&& entry) {
    if (lanes_->Push(entry)) return;
    std::visit(
        [](auto& work) {
            if (work.done) work.done(Fail(StoppingError()));
        },
        entry.work
    );
}

void Ledger::Barrier(std::function<void()> done) { lanes_->Barrier(std::move(done)); }

bool Ledger::Pass(std::chrono::milliseconds patience) {
    auto passed = std::make_shared<std::promise<void>>();  // may come after our patience
    auto done = passed->get_future();
    Barrier([passed] { passed->set_value(); });
    return done.wait_for(patience) == std::future_status::ready;
}

void Ledger::Stop() {
    lanes_->Stop();
    for (auto& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

size_t Ledger::depth() const { return lanes_->depth(); }

NodeId Ledger::node() const {
    MutexLock lock(mutex_);
    return node_;
}

void Ledger::SetNode(NodeId node) {
    MutexLock lock(mutex_);
    node_ = std::move(node);
}

Counters Ledger::counters() const {
    MutexLock lock(mutex_);
    return counters_;
}

void Ledger::Run() {
    while (auto taken = lanes_->Take()) {
        Process(taken->entries);
        for (const auto& entry : taken->entries) {
            BARRACUDA_CHECK(!entry.open() && entry.answered != entry.again);
        }
        for (auto& entry : lanes_->Finish(*taken, options_.outcome_again)) {
            CommandWork& work = *entry.command();  // only outcomes come back
            if (work.done) work.done(std::move(*work.answer));
        }
    }
}

void Ledger::Process(std::span<Entry> entries) {
    for (auto& entry : entries) {
        if (std::exchange(entry.again, false)) entry.Reopen();
    }
    Batch batch(engine_, options_, hooks_, node(), recent_.get(), entries);
    {
        MutexLock lock(mutex_);
        ++counters_.batches;
        counters_.commands += entries.size();
    }
    batch.Run([&](uint64_t lost) { Conclude(entries, lost); });
    const auto again = std::count_if(entries.begin(), entries.end(), [](const Entry& entry) {
        return entry.again;
    });
    if (again == 0) return;
    MutexLock lock(mutex_);
    counters_.again += static_cast<uint64_t>(again);
}

// Tells the answers of entries that have one and were not told yet.
void Ledger::Conclude(std::span<Entry> entries, uint64_t lost) {
    BARRACUDA_CHECK(lost <= entries.size());
    std::vector<Entry*> settled;
    settled.reserve(entries.size());
    for (auto& entry : entries) {
        if (entry.open() || entry.answered) continue;
        entry.again = MustBeStored(entry);
        if (entry.again) continue;
        entry.answered = true;
        settled.push_back(&entry);
    }
    {
        MutexLock lock(mutex_);
        counters_.lost += lost;
        for (const auto* entry : settled) Count(*entry);
    }
    for (const auto* entry : settled) {
        const CommandWork* work = entry->command();
        if (!work || !*work->answer || !(**work->answer).changed) continue;
        const auto& decision = **work->answer;
        BARRACUDA_CHECK(decision.document.has_value());
        if (hooks_.owed && !decision.fresh_deliveries.empty()) {
            hooks_.owed(*decision.document, decision.fresh_deliveries);
        }
        if (hooks_.written) hooks_.written(*decision.document);
    }
    Answer(settled);
}

void Ledger::Count(const Entry& entry) {
    const CommandWork* work = entry.command();
    if (!work) return;
    if (!*work->answer) {
        ++counters_.failed;
        return;
    }
    const auto& decision = **work->answer;
    counters_.no_room += decision.no_room;
    const auto* report = std::get_if<domain::Report>(&work->command);
    if (!report || report->correction) return;  // nobody reported it
    counters_.recorded += decision.verdict == domain::Verdict::kRecorded;
    counters_.duplicate += decision.verdict == domain::Verdict::kDuplicate;
    counters_.updated += decision.verdict == domain::Verdict::kUpdated;
    counters_.conflicts += !decision.conflicts.empty();
}

void Ledger::Answer(std::span<Entry*> entries) {
    struct Ready {
        Done done;
        Result<domain::Decision> decision;
    };
    std::map<int, std::shared_ptr<std::vector<Ready>>> by_thread;
    for (auto* entry : entries) {
        BARRACUDA_CHECK(entry->answered && !entry->open());
        CommandWork* work = entry->command();
        if (!work) {
            EditWork& edit = entry->edit();
            if (edit.done) edit.done(std::move(*edit.answer));
            continue;
        }
        if (!work->done) continue;
        if (work->io_thread < 0 || !hooks_.post) {
            work->done(std::move(*work->answer));
            continue;
        }
        auto& ready = by_thread[work->io_thread];
        if (!ready) {
            ready = std::make_shared<std::vector<Ready>>();
            ready->reserve(entries.size());  // to grow would move all decisions
        }
        ready->push_back({std::move(work->done), std::move(*work->answer)});
    }
    for (auto& [io_thread, ready] : by_thread) {
        hooks_.post(static_cast<unsigned>(io_thread), [ready = std::move(ready)] {
            for (auto& answer : *ready) answer.done(std::move(answer.decision));
        });
    }
}

}  // namespace barracuda::ledger
