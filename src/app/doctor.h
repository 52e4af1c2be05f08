// `barracuda doctor`: looks at everything a server needs and says what is wrong and what to do. It
// changes nothing.
//
// Threads: blocks its caller (name resolution, a database that does not answer): some seconds.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "store/engine.h"

namespace barracuda::app {

enum class Health { kOk, kWarn, kFail };

struct Finding {
    Health health = Health::kOk;
    std::string about;      // "store", "network default"
    std::string text;       // what is
    std::string todo = {};  // kWarn, kFail: what to do
};

class Findings {
public:
    void Ok(std::string about, std::string text) {
        all_.push_back({Health::kOk, std::move(about), std::move(text)});
    }
    void Warn(std::string about, std::string text, std::string todo) {
        all_.push_back({Health::kWarn, std::move(about), std::move(text), std::move(todo)});
    }
    void Fail(std::string about, std::string text, std::string todo) {
        all_.push_back({Health::kFail, std::move(about), std::move(text), std::move(todo)});
    }
    const std::vector<Finding>& all() const { return all_; }

    // As lines that AddRows reads again: a running server's findings through its control socket.
    std::string Rows() const;
    void AddRows(std::string_view rows);

    // One line each: "warn  data: others may read ./data; do: chmod 700 ./data".
    std::string Text() const;
    // The worst: 0 all is well, 1 a warning, 2 a failure.
    int Exit() const;

private:
    std::vector<Finding> all_;
};

using Scan = std::function<Result<store::Page>(const store::ScanRequest&)>;

// What stands in an open store, or in a running server's: goal rules, networks with their addresses
// and secrets, keys, admins, dead deliveries.
void ExamineContent(const config::Config& config, const Scan& scan, Findings& to);
// Of a store that is still to be made.
inline Result<store::Page> NothingThere(const store::ScanRequest&) { return store::Page{}; }

// A MongoDB store from outside: server, privileges, state, indexes, clock; then its content.
void ExamineMongo(const config::Config& config, Findings& to);

// `barracuda doctor`: the lines on stdout; -> Findings::Exit.
int DoctorCommand(const config::Config& config);

}  // namespace barracuda::app
