// A store that takes no writes, in the log: one error when that begins, with the reason, and one
// line when it ends. Requests that meet it meanwhile say nothing there.
//
//     StoreWatch watch(trouble, Log);
//     while (!StopWithin(500ms)) watch.Look(Clock::now());
//
// A trouble that begins and ends between two looks is not told. Threads: one.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "app/log.h"

namespace barracuda::app {

class StoreWatch {
public:
    using Clock = std::chrono::steady_clock;

    // `trouble`: nullopt, or why nothing can be written now.
    StoreWatch(std::function<std::optional<std::string>()> trouble, LogSink log)
        : trouble_(std::move(trouble)), log_(std::move(log)) {}

    // Asks for the trouble, and writes the line where it began or ended.
    void Look(Clock::time_point now);

private:
    const std::function<std::optional<std::string>()> trouble_;
    const LogSink log_;
    std::optional<Clock::time_point> since_;
};

}  // namespace barracuda::app
