// The ledger: the only writer. Commands queue in two lanes, one thread takes what is queued
// (natural group commit), loads, decides, commits one durable batch and then answers.
//
//     ledger.Submit(report, io_thread, [](Result<Decision> decision) { … });  // false: lane full
//     ledger.SubmitInternal(outcome, [](Result<Decision>) {});                // never refused
//     ledger.Edit(ref, [](const std::optional<std::string>& stored) { … }, done);
//
// Threads: Submit*, Edit and depth() from any thread. Answers of Submit arrive on their io thread,
// all of a batch in one post; the others on the ledger's thread, where they must be short.
// An answer is given only after what it says is durable; kUnavailable says that nothing was written
// or that it is not known (the store failed).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "domain/decide.h"
#include "store/engine.h"

namespace barracuda::ledger {

using Done = std::function<void(Result<domain::Decision>)>;

// An edit of one document outside the conversions (keys, admins, sessions, contacts): a pure
// function from what is stored to what shall be. It may run more than once.
struct EditPlan {
    bool write = false;
    std::optional<std::string> after;  // nullopt with `write`: delete
};
using EditFunction = std::function<EditPlan(const std::optional<std::string>& stored)>;
enum class EditState { kWritten, kUnchanged, kRefused /* a unique value is taken */ };
using EditDone = std::function<void(Result<EditState>)>;

struct Options {
    std::string node;           // boot id: owner of what this process delivers, at first
    size_t queue_max = 65'536;  // routes' lane, commands
    size_t batch_commands_max = 1'024;
    size_t batch_bytes_max = 4 << 20;
    int rounds_max = 8;  // of deciding again after a lost write
};

struct Hooks {
    std::function<Time()> now = Time::Now;
    // Right before a report is decided, on the ledger's thread: why it may not be (kUnavailable).
    std::function<std::optional<Error>(const domain::Report&)> refuse;
    // Runs `work` on an io thread.
    std::function<void(unsigned io_thread, std::function<void()> work)> post;
    // After the commit, on the ledger's thread: deliveries that this node now owes.
    std::function<void(const domain::Conversion&, const std::vector<std::string>& ids)> owed;
    // After the commit, on the ledger's thread: a conversion was written (contact flags follow it).
    std::function<void(const domain::Conversion&)> written;
};

struct Counters {
    uint64_t batches = 0, commands = 0, lost = 0, failed = 0, refused = 0;
    uint64_t recorded = 0, duplicate = 0, updated = 0, conflicts = 0;
};

class Ledger {
public:
    Ledger(store::Engine& engine, Options options, Hooks hooks);
    ~Ledger();

    [[nodiscard]] bool Submit(domain::Command command, unsigned io_thread, Done done);
    void SubmitInternal(domain::Command command, Done done);
    void Edit(store::Ref ref, EditFunction edit, EditDone done);

    // Finishes what is queued and joins. Later submissions are answered kUnavailable.
    void Stop();

    size_t depth() const;
    Counters counters() const;
    // Who owns what is written from now on; changes when other nodes declared this one dead.
    std::string node() const;
    void SetNode(std::string node);

private:
    struct Entry;
    struct Slot;
    class Batch;

    void Run();
    std::vector<Entry> Take(std::unique_lock<std::mutex>& lock);
    void Process(std::vector<Entry> entries);
    void Answer(std::vector<Entry>& entries);

    store::Engine& engine_;
    Options options_;
    Hooks hooks_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Entry> routes_, internal_;
    bool stopping_ = false;
    Counters counters_;
    std::thread thread_;
};

}  // namespace barracuda::ledger
