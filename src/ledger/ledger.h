// The ledger: the only writer. Commands queue in two lanes, a writer takes what is queued (natural
// group commit), loads, decides, commits one durable batch and then answers.
//
//     ledger.Submit(report, io_thread, [](Result<Decision> decision) { … });  // false: lane full
//     ledger.SubmitInternal(outcome, [](Result<Decision>) {});                // never refused
//     ledger.Edit(ref, [](const std::optional<std::string>& stored) { … }, done);
//     ledger.SubmitEdit(ref, …);                                              // false: lane full
//
// There is one writer, or several batches under way over a store that is reached by a network
// (lanes.h): then all commands of one click, and all edits of one other document, still go in
// order, but nothing else does.
//
// Threads: every method from any thread. Answers of Submit arrive on their io thread, all of a
// batch in one post; the others and the hooks on a writer's thread, where they must be short. An
// answer is given only after what it says is durable; kUnavailable says that nothing was written or
// that it is not known (the store failed). An outcome is never given up for that: it is tried again
// until it is stored, or the ledger stops.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/thread_safety.h"
#include "domain/decide.h"
#include "store/engine.h"

namespace barracuda::ledger {

using Done = std::function<void(Result<domain::Decision>)>;

// An edit of one document: a pure function from what is stored to what shall be. It may run more
// than once. A conversion's content changes by commands alone: it is edited only to erase a person
// from it (erase_contact.h), and to mend what it is queued and listed by (schedule_check.h).
struct EditPlan {
    bool write = false;
    std::optional<std::string> after;  // nullopt with `write`: delete
};
using EditFunction = std::function<EditPlan(const std::optional<std::string>& stored)>;
enum class EditState { kWritten, kUnchanged, kRefused /* a unique value is taken */ };
using EditDone = std::function<void(Result<EditState>)>;

struct Options {
    NodeId node;                // owner of what this process delivers, at first
    size_t queue_max = 65'536;  // routes' lane, commands
    size_t batch_commands_max = 1'024;
    size_t batch_bytes_max = 4 << 20;
    int rounds_max = 8;    // of deciding again after a lost write
    unsigned writers = 4;  // batches under way where the engine inserts first; else one
    std::chrono::milliseconds outcome_again{1'000};  // after the store did not take it
};

struct Hooks {
    std::function<Time()> now = Time::Now;
    // Right before a report is decided, on a writer's thread: why it may not be (kUnavailable).
    std::function<std::optional<Error>(const domain::Report&)> refuse;
    // Runs `work` on an io thread.
    std::function<void(unsigned io_thread, std::function<void()> work)> post;
    // On a writer's thread: a new document whose write has no known end. It may still land, also
    // after everybody was told 503.
    std::function<void(const store::Ref&)> unsure;
    // After the commit, on a writer's thread: deliveries that this node now owes.
    std::function<void(const domain::Conversion&, const std::vector<DeliveryId>& ids)> owed;
    // After the commit, on a writer's thread: a conversion was written (contact flags follow it).
    std::function<void(const domain::Conversion&)> written;
};

struct Counters {
    uint64_t batches = 0, commands = 0, lost = 0, failed = 0, refused = 0;
    uint64_t recorded = 0, duplicate = 0, updated = 0, conflicts = 0;
    uint64_t again = 0;    // outcomes that the store did not take, to be tried again
    uint64_t no_room = 0;  // deliveries that conversions had no room for (owe.h)
};

struct Entry;
class Lanes;
class Recent;

class Ledger {
public:
    Ledger(store::Engine& engine, Options options, Hooks hooks);
    ~Ledger();

    [[nodiscard]] bool Submit(domain::Command command, unsigned io_thread, Done done);
    void SubmitInternal(domain::Command command, Done done);
    void Edit(store::Ref ref, EditFunction edit, EditDone done);
    // An edit that strangers cause, in the routes' lane. False: it is full, or the ledger stops;
    // `done` is not called then.
    [[nodiscard]] bool SubmitEdit(store::Ref ref, EditFunction edit, EditDone done);
    // Calls `done`, here or on a writer's thread, when everything is done that is being decided now
    // and every step and edit of the internal lane that was handed over before; an outcome that
    // the store did not take is not done.
    void Barrier(std::function<void()> done);
    // Waits for a Barrier; false on timeout.
    [[nodiscard]] bool Pass(std::chrono::milliseconds patience);

    // Finishes what is queued and joins. Later submissions are answered kUnavailable.
    void Stop();

    size_t depth() const;
    Counters counters() const;
    // The node that owns new deliveries; another one once other nodes declared this one dead.
    NodeId node() const;
    void SetNode(NodeId node);

private:
    void Run();
    void PushInternal(Entry&& entry);
    bool PushRoute(Entry&& entry);
    void Process(std::span<Entry> entries);
    void Conclude(std::span<Entry> entries, uint64_t lost);
    void Count(const Entry& entry) REQUIRES(mutex_);
    void Answer(std::span<Entry*> entries);

    store::Engine& engine_;
    Options options_;
    Hooks hooks_;
    std::unique_ptr<Lanes> lanes_;
    std::unique_ptr<Recent> recent_;  // where the engine inserts first
    mutable Mutex mutex_;
    Counters counters_ GUARDED_BY(mutex_);
    NodeId node_ GUARDED_BY(mutex_);
    std::vector<std::thread> threads_;
};

}  // namespace barracuda::ledger
