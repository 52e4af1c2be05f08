#include "ledger/ledger.h"

#include "base/thread_name.h"
#include "ledger/batch.h"

namespace barracuda::ledger {

namespace {

// What a command may add to a batch, about: enough to bound the batch's bytes.
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

}  // namespace

Ledger::Ledger(store::Engine& engine, Options options, Hooks hooks)
    : engine_(engine), options_(std::move(options)), hooks_(std::move(hooks)) {
    thread_ = std::thread([this] {
        NameThread("ledger");
        Run();
    });
}

Ledger::~Ledger() { Stop(); }

bool Ledger::Submit(domain::Command command, unsigned io_thread, Done done) {
    Entry entry;
    entry.ref = store::RefOf(domain::KeyOf(command));
    entry.bytes = BytesOf(command);
    entry.command = std::move(command);
    entry.io_thread = static_cast<int>(io_thread);
    entry.done = std::move(done);
    {
        std::lock_guard lock(mutex_);
        if (stopping_ || routes_.size() >= options_.queue_max) {
            ++counters_.refused;
            return false;
        }
        routes_.push_back(std::move(entry));
    }
    wake_.notify_one();
    return true;
}

void Ledger::SubmitInternal(domain::Command command, Done done) {
    Entry entry;
    entry.ref = store::RefOf(domain::KeyOf(command));
    entry.bytes = BytesOf(command);
    entry.command = std::move(command);
    entry.done = std::move(done);
    {
        std::lock_guard lock(mutex_);
        if (!stopping_) {
            internal_.push_back(std::move(entry));
            wake_.notify_one();
            return;
        }
    }
    if (entry.done) entry.done(Fail(StoppingError()));
}

void Ledger::Edit(store::Ref ref, EditFunction edit, EditDone done) {
    Entry entry;
    entry.ref = std::move(ref);
    entry.edit = std::move(edit);
    entry.edit_done = std::move(done);
    entry.bytes = 1024;
    {
        std::lock_guard lock(mutex_);
        if (!stopping_) {
            internal_.push_back(std::move(entry));
            wake_.notify_one();
            return;
        }
    }
    if (entry.edit_done) entry.edit_done(Fail(StoppingError()));
}

void Ledger::Stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

size_t Ledger::depth() const {
    std::lock_guard lock(mutex_);
    return routes_.size() + internal_.size();
}

std::string Ledger::node() const {
    std::lock_guard lock(mutex_);
    return options_.node;
}

void Ledger::SetNode(std::string node) {
    std::lock_guard lock(mutex_);
    options_.node = std::move(node);
}

Counters Ledger::counters() const {
    std::lock_guard lock(mutex_);
    return counters_;
}

// Whatever is queued now, internal steps first; never waits for more.
std::vector<Ledger::Entry> Ledger::Take(std::unique_lock<std::mutex>& lock) {
    wake_.wait(lock, [this] { return stopping_ || !routes_.empty() || !internal_.empty(); });
    std::vector<Entry> taken;
    taken.reserve(std::min(internal_.size() + routes_.size(), options_.batch_commands_max));
    size_t bytes = 0;
    for (auto* lane : {&internal_, &routes_}) {
        while (!lane->empty() && taken.size() < options_.batch_commands_max &&
               bytes < options_.batch_bytes_max) {
            bytes += lane->front().bytes;
            taken.push_back(std::move(lane->front()));
            lane->pop_front();
        }
    }
    return taken;
}

void Ledger::Run() {
    for (;;) {
        std::vector<Entry> taken;
        {
            std::unique_lock lock(mutex_);
            taken = Take(lock);
        }
        if (taken.empty()) return;  // stopping, and everything accepted is done
        Process(std::move(taken));
    }
}

void Ledger::Process(std::vector<Entry> entries) {
    uint64_t lost = Batch(engine_, options_, hooks_, node(), entries).Run();
    {
        std::lock_guard lock(mutex_);
        ++counters_.batches;
        counters_.commands += entries.size();
        counters_.lost += lost;
        for (const auto& entry : entries) {
            if (!entry.decision) continue;
            if (!*entry.decision) {
                ++counters_.failed;
                continue;
            }
            const auto& decision = **entry.decision;
            if (!std::holds_alternative<domain::Report>(*entry.command)) continue;
            counters_.recorded += decision.verdict == domain::Verdict::kRecorded;
            counters_.duplicate += decision.verdict == domain::Verdict::kDuplicate;
            counters_.updated += decision.verdict == domain::Verdict::kUpdated;
            counters_.conflicts += !decision.conflicts.empty();
        }
    }
    for (const auto& entry : entries) {
        if (!entry.decision || !*entry.decision || !(**entry.decision).changed) continue;
        const auto& decision = **entry.decision;
        if (hooks_.owed && !decision.fresh_deliveries.empty()) {
            hooks_.owed(*decision.document, decision.fresh_deliveries);
        }
        if (hooks_.written) hooks_.written(*decision.document);
    }
    Answer(entries);
}

void Ledger::Answer(std::vector<Entry>& entries) {
    struct Ready {
        Done done;
        Result<domain::Decision> decision;
    };
    std::map<int, std::shared_ptr<std::vector<Ready>>> by_thread;
    for (auto& entry : entries) {
        if (entry.edit_done) entry.edit_done(std::move(*entry.edit_state));
        if (!entry.done) continue;
        if (entry.io_thread < 0 || !hooks_.post) {
            entry.done(std::move(*entry.decision));
            continue;
        }
        auto& ready = by_thread[entry.io_thread];
        if (!ready) ready = std::make_shared<std::vector<Ready>>();
        ready->push_back({std::move(entry.done), std::move(*entry.decision)});
    }
    for (auto& [io_thread, ready] : by_thread) {
        hooks_.post(static_cast<unsigned>(io_thread), [ready = std::move(ready)] {
            for (auto& answer : *ready) answer.done(std::move(answer.decision));
        });
    }
}

}  // namespace barracuda::ledger
