// `backup DIR --follow`: keeps backups in a place and, beside the newest one, all that the store
// has taken since (store/rocks/followed_log.h), so that `restore --until` comes to any moment.
//
// It reads the write-ahead logs of the store as files, which it holds by hard links until it has
// read them: the server is asked for nothing but a checkpoint now and then, and knows of no
// follower. Where a log went before it was held, or the store went back, it takes a new backup and
// goes on from there.
//
// Threads: the caller's, until a stop signal. What happens goes to stderr.
#pragma once

#include <optional>
#include <string>

#include "app/ask.h"
#include "config/config.h"

namespace barracuda::app {

inline constexpr size_t kFollowedKept = 7;  // backups, where no number is given

Result<Answer> Follow(
    const config::Config& config, const std::string& to, std::optional<size_t> keep
);

}  // namespace barracuda::app
