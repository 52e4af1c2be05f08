// The product's way with everything left out that is not the way: Beast with callbacks, one queue,
// one ledger thread, one MultiGet a batch, BSON, three indexes, one synced batch, answers gathered
// by io thread. No keys, no received log, no history, no sums, no networks, no bounds. What the
// product costs more than this is what its features cost.
//
//     bench_pipeline DIRECTORY    prints its port, runs until its standard input closes
#include <fmt/format.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "base/object_id.h"
#include "base/time.h"
#include "domain/bson.h"
#include "store/rocks/rocks_options.h"

namespace barracuda::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr int kIoThreads = 2;
constexpr size_t kBatchMax = 1'024;

class Session;

struct Command {
    std::shared_ptr<Session> from;
    std::string click, goal, affiliate, amount;
    const char* goal_type = "registration";
    const char* route = "postback";

    std::string Key() const { return click + '\0' + goal; }
};

// What is answered: the one that was recorded first has no duplicate.
struct Outcome {
    bool duplicate = false;
    std::string id;
};

// The ledger's thread takes all that is queued, and waits for no more.
class Ledger {
public:
    explicit Ledger(const std::string& directory) {
        auto options = store::OurOptions();
        options.create_if_missing = options.create_missing_column_families = true;
        rocksdb::DB* opened = nullptr;
        const auto status =
            rocksdb::DB::Open(options, directory, store::OurFamilies(), &families_, &opened);
        if (!status.ok()) throw std::runtime_error(status.ToString());
        db_.reset(opened);
        std::thread([this] { Work(); }).detach();
    }

    void Submit(Command command) {
        bool first;
        {
            std::lock_guard lock(mutex_);
            first = queue_.empty();
            queue_.push_back(std::move(command));
        }
        if (first) some_.notify_one();
    }

private:
    void Work() {
        std::vector<Command> batch;
        for (;;) {
            {
                std::unique_lock lock(mutex_);
                some_.wait(lock, [this] { return !queue_.empty(); });
                batch.swap(queue_);
            }
            for (size_t at = 0; at < batch.size(); at += kBatchMax) {
                Commit({batch.data() + at, std::min(kBatchMax, batch.size() - at)});
            }
            batch.clear();
        }
    }

    void Commit(std::span<Command> commands);
    std::vector<std::optional<std::string>> Load(const std::vector<std::string>& keys);

    std::unique_ptr<rocksdb::DB> db_;
    std::vector<rocksdb::ColumnFamilyHandle*> families_;
    std::mutex mutex_;
    std::condition_variable some_;
    std::vector<Command> queue_;
};

// One connection; its callbacks run on the one thread of its io context.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(tcp::socket socket, Ledger& ledger) : socket_(std::move(socket)), ledger_(ledger) {
        socket_.set_option(tcp::no_delay(true));
    }

    void Read() {
        request_ = {};
        http::async_read(
            socket_,
            buffer_,
            request_,
            [self = shared_from_this()](beast::error_code error, size_t) {
                if (!error) self->Submit();
            }
        );
    }
    void Answer(const Outcome& outcome) {
        answer_.result(http::status::ok);
        answer_.set(http::field::content_type, "application/json");
        answer_.set(http::field::cache_control, "no-store");
        answer_.body() = fmt::format(
            R"({{"success":true,"message":"Conversion {}","verdict":"{}","isDuplicate":{},)"
            R"("data":{{"id":"{}","click_id":"{}","goal_id":"5","status":"pending","amount":"0",)"
            R"("currency":"USD"}}}})",
            outcome.duplicate ? "is known" : "recorded",
            outcome.duplicate ? "duplicate" : "recorded",
            outcome.duplicate,
            outcome.id,
            click_
        );
        answer_.prepare_payload();
        http::async_write(
            socket_,
            answer_,
            [self = shared_from_this()](beast::error_code error, size_t) {
                if (!error) self->Read();
            }
        );
    }
    asio::io_context& context() {
        return static_cast<asio::io_context&>(
            asio::query(socket_.get_executor(), asio::execution::context)
        );
    }

private:
    void Submit() {
        Command command;
        command.from = shared_from_this();
        if (request_.method() == http::verb::post) {
            ReadBody(command);
        } else {
            ReadQuery(command);
        }
        click_ = command.click;
        ledger_.Submit(std::move(command));
    }
    void ReadQuery(Command& command) const {
        std::string_view target(request_.target().data(), request_.target().size());
        target.remove_prefix(std::min(target.size(), target.find('?') + 1));
        while (!target.empty()) {
            const size_t end = std::min(target.find('&'), target.size());
            const std::string_view pair = target.substr(0, end);
            target.remove_prefix(std::min(end + 1, target.size()));
            const size_t equals = std::min(pair.find('='), pair.size());
            const std::string_view name = pair.substr(0, equals);
            const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
            if (name == "click_id") command.click = value;
            if (name == "affiliate_id") command.affiliate = value;
        }
        command.goal = "5";
        command.amount = "0";
    }
    void ReadBody(Command& command) const {
        const auto body = boost::json::parse(request_.body());
        command.click = body.at("click_id").as_string();
        command.affiliate = body.at("affiliate_id").as_string();
        command.amount = std::to_string(body.at("amount").to_number<int64_t>());
        command.goal = "6";
        command.goal_type = "deposit";
        command.route = "ftd";
    }

    tcp::socket socket_;
    Ledger& ledger_;
    beast::flat_buffer buffer_;
    http::request<http::string_body> request_;
    http::response<http::string_body> answer_;
    std::string click_;
};

std::vector<std::optional<std::string>> Ledger::Load(const std::vector<std::string>& keys) {
    const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> values(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    db_->MultiGet({}, families_[0], keys.size(), slices.data(), values.data(), statuses.data());
    std::vector<std::optional<std::string>> found(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
        BARRACUDA_CHECK(statuses[i].ok() || statuses[i].IsNotFound());
        if (statuses[i].ok()) found[i] = values[i].ToString();
    }
    return found;
}

std::string DocumentOf(const Command& command, const ObjectId& id, int64_t now) {
    bson_t document = BSON_INITIALIZER;
    bson_oid_t oid;
    bson_oid_init_from_data(&oid, id.bytes.data());
    bson_append_oid(&document, "_id", 3, &oid);
    const std::pair<const char*, const char*> texts[] = {
        {"click_id", command.click.c_str()},
        {"goal_id", command.goal.c_str()},
        {"goal_type", command.goal_type},
        {"status", "pending"},
        {"provenance", "reported"},
        {"route", command.route},
        {"affiliate_id", command.affiliate.c_str()},
        {"currency", "USD"}};
    for (const auto& [name, value] : texts) bson_append_utf8(&document, name, -1, value, -1);
    bson_decimal128_t amount;
    bson_decimal128_from_string(command.amount.c_str(), &amount);
    bson_append_decimal128(&document, "amount", -1, &amount);
    bson_append_int64(&document, "rev", -1, 1);
    bson_append_date_time(&document, "createdAt", -1, now);
    bson_append_date_time(&document, "updatedAt", -1, now);
    std::string bytes(reinterpret_cast<const char*>(bson_get_data(&document)), document.len);
    bson_destroy(&document);
    return bytes;
}

std::string IdIn(const std::string& document) {
    bson_t view;
    bson_iter_t at;
    BARRACUDA_CHECK(
        bson_init_static(&view, reinterpret_cast<const uint8_t*>(document.data()), document.size())
    );
    BARRACUDA_CHECK(bson_iter_init_find(&at, &view, "_id"));
    char hex[25];
    bson_oid_to_string(bson_iter_oid(&at), hex);
    return hex;
}

struct Put {
    int family;
    std::string key, value;
};

void PutAll(const Command& command, std::vector<Put>& puts, const ObjectId& id, int64_t now) {
    std::string key = command.Key(), date(8, '\0');
    for (int i = 0; i < 8; ++i)
        date[static_cast<size_t>(i)] = static_cast<char>(now >> (56 - 8 * i));
    puts.push_back({1, "i" + std::string(id.View()) + key, {}});
    puts.push_back({1, "c" + date + key, {}});
    puts.push_back({1, "a" + command.affiliate + '\0' + date + key, {}});
    puts.push_back({0, std::move(key), DocumentOf(command, id, now)});
}

void Ledger::Commit(std::span<Command> commands) {
    std::vector<std::string> keys;
    keys.reserve(commands.size());
    for (const auto& command : commands) keys.push_back(command.Key());
    const auto found = Load(keys);
    std::unordered_map<std::string_view, std::string> fresh;  // of this batch: key to id
    std::vector<Put> puts;
    puts.reserve(4 * commands.size());
    std::vector<Outcome> outcomes;
    outcomes.reserve(commands.size());
    const int64_t now = Time::Now().ms;
    for (size_t i = 0; i < commands.size(); ++i) {
        if (found[i]) {
            outcomes.push_back({true, IdIn(*found[i])});
        } else if (const auto at = fresh.find(keys[i]); at != fresh.end()) {
            outcomes.push_back({true, at->second});
        } else {
            const ObjectId id = ObjectId::New();
            PutAll(commands[i], puts, id, now);
            outcomes.push_back({false, id.Hex()});
            fresh.emplace(keys[i], outcomes.back().id);
        }
    }
    // In the order of the keys: the memtable's skip list remembers where it inserted last.
    std::sort(puts.begin(), puts.end(), [](const Put& a, const Put& b) {
        return a.family != b.family ? a.family < b.family : a.key < b.key;
    });
    if (!puts.empty()) {
        rocksdb::WriteBatch batch;
        for (const auto& put : puts) {
            batch.Put(families_[static_cast<size_t>(put.family)], put.key, put.value);
        }
        rocksdb::WriteOptions options;
        options.sync = true;
        BARRACUDA_CHECK(db_->Write(options, &batch).ok());
    }
    using Answers = std::vector<std::pair<std::shared_ptr<Session>, Outcome>>;
    std::unordered_map<asio::io_context*, Answers> answers;
    for (size_t i = 0; i < commands.size(); ++i) {
        auto* context = &commands[i].from->context();
        answers[context].emplace_back(std::move(commands[i].from), std::move(outcomes[i]));
    }
    for (auto& [context, theirs] : answers) {
        asio::post(*context, [theirs = std::move(theirs)] {
            for (const auto& [session, outcome] : theirs) session->Answer(outcome);
        });
    }
}

// Connections go to the io threads in turn.
class Acceptor {
public:
    Acceptor(std::vector<std::unique_ptr<asio::io_context>>& contexts, Ledger& ledger)
        : contexts_(contexts),
          ledger_(ledger),
          acceptor_(*contexts[0], {asio::ip::address_v4::loopback(), 0}) {
        Next();
    }
    uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    void Next() {
        auto& context = *contexts_[turn_++ % contexts_.size()];
        acceptor_.async_accept(
            context,
            [this, &context](beast::error_code error, tcp::socket socket) {
                if (!error) {
                    auto session = std::make_shared<Session>(std::move(socket), ledger_);
                    asio::post(context, [session] { session->Read(); });
                }
                Next();
            }
        );
    }

    std::vector<std::unique_ptr<asio::io_context>>& contexts_;
    Ledger& ledger_;
    tcp::acceptor acceptor_;
    size_t turn_ = 0;
};

void Serve(const char* directory) {
    Ledger ledger(directory);
    std::vector<std::unique_ptr<asio::io_context>> contexts;
    for (int i = 0; i < kIoThreads; ++i) contexts.push_back(std::make_unique<asio::io_context>(1));
    Acceptor acceptor(contexts, ledger);
    for (auto& context : contexts) {
        std::thread([&context] {
            auto stay = asio::make_work_guard(*context);
            context->run();
        }).detach();
    }
    fmt::print("{}\n", acceptor.port());
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    std::_Exit(0);  // what was answered is durable
}

}  // namespace
}  // namespace barracuda::bench

int main(int count, char** arguments) {
    if (count != 2) return 2;
    try {
        barracuda::bench::Serve(arguments[1]);
    } catch (const std::exception& failed) {
        fmt::print(stderr, "bench_pipeline: {}\n", failed.what());
    }
    return 2;
}
