#include "app/import_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/file.h"

namespace barracuda::app {

namespace json = boost::json;

namespace {

Error Failed(const std::string& path) {
    return {ErrorCode::kUnavailable, fmt::format("{}: {}", path, std::strerror(errno)), {}};
}

// The members that are numbers, by name.
template <typename State, typename Visit>
void EachNumber(State& state, Visit visit) {
    visit("lines", state.place.lines);
    visit("offset", state.place.offset);
    visit("read", state.counts.read);
    visit("recorded", state.counts.recorded);
    visit("duplicate", state.counts.duplicate);
    visit("updated", state.counts.updated);
    visit("refused", state.counts.refused);
}

}  // namespace

Result<std::optional<ImportState>> ReadState(const std::string& path) {
    std::error_code ec;
    if (!std::filesystem::exists(path, ec)) return std::optional<ImportState>();
    std::ifstream file(path, std::ios::binary);
    if (!file) return Fail(Failed(path));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const Error none{ErrorCode::kInvalid, path + ": this is no state of an import", {}};
    boost::system::error_code code;
    const auto value = json::parse(text, code);
    if (code || !value.is_object()) return Fail(none);
    const auto& from = value.get_object();
    const auto* beginning = from.if_contains("beginning");
    const auto* separator = from.if_contains("separator");
    if (!beginning || !beginning->is_string() || !separator || !separator->is_int64()) {
        return Fail(none);
    }
    ImportState state{std::string(beginning->get_string()), {}, {}};
    state.place.separator = static_cast<char>(separator->get_int64());
    bool sound = true;
    EachNumber(state, [&](const char* name, int64_t& into) {
        const auto* number = from.if_contains(name);
        sound = sound && number && number->is_int64() && number->get_int64() >= 0;
        if (sound) into = number->get_int64();
    });
    if (!sound) return Fail(none);
    return state;
}

Result<bool> WriteState(const std::string& path, const ImportState& state) {
    json::object to{{"beginning", state.beginning}, {"separator", int{state.place.separator}}};
    EachNumber(state, [&](const char* name, int64_t number) { to[name] = number; });
    const std::string text = json::serialize(to) + "\n", beside = path + ".new";
    File file(open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file) return Fail(Failed(beside));
    const ssize_t written = write(file.fd(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size()) || fsync(file.fd()) != 0) {
        return Fail(Failed(beside));
    }
    if (std::rename(beside.c_str(), path.c_str()) != 0) return Fail(Failed(path));
    return true;
}

}  // namespace barracuda::app
