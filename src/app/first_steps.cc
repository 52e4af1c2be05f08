#include "app/first_steps.h"

#include <fmt/format.h>

#include <filesystem>

namespace barracuda::app {

std::string ShellWord(const std::string& text) {
    constexpr const char* kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
    if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
    std::string word = "'";
    for (char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

std::string AddressOf(const config::Config& config, uint16_t port) {
    std::string host = config.server.listen_host;
    if (host == "0.0.0.0") host = "127.0.0.1";
    if (host == "::") host = "::1";
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    return fmt::format("http://{}:{}", host, port);
}

std::string SetupLink(std::string_view address, std::string_view token) {
    return fmt::format("{}/setup?token={}", address, token);
}

namespace {

std::string HowToGetAKey(const config::Config& config, const std::string& program) {
    std::error_code ec;
    auto data = std::filesystem::absolute(config.store.data, ec).lexically_normal().string();
    return fmt::format(
        "\nThere is no API key yet, and reports from servers need one. In another terminal:\n\n"
        "  KEY=$({} key create --name first --scope ingest --data {})\n",
        ShellWord(program),
        ShellWord(data)
    );
}

}  // namespace

std::string FirstSteps(const config::Config& config, const Beginning& from) {
    std::string text = fmt::format("barracuda listens on {}\n", from.address);
    if (!from.setup_link.empty()) {
        text += fmt::format(
            "\nNobody may administer it yet. Within the hour, once, this link makes you the first "
            "admin:\n\n  {}\n",
            from.setup_link
        );
    }
    if (!from.setup_file.empty()) {
        text += fmt::format(
            "\nNobody may administer it yet. A link that makes the first admin, within the hour "
            "and "
            "once, stands in\n\n  {}\n",
            from.setup_file
        );
    }
    if (from.any_keys) return text;
    const bool open = config.auth.ingest == "open";
    std::string key;
    if (!open && from.key.empty()) {
        text += HowToGetAKey(config, from.program);
        key = " -H \"Authorization: Bearer $KEY\"";
    } else if (!open) {
        text +=
            "\nA first API key was made for you. It stands in the commands below and is not "
            "shown again.\n";
        key = fmt::format(" -H 'Authorization: Bearer {}'", from.key);
    }
    text += fmt::format(
        "\nIn another terminal, report a registration as a tracker would, then a deposit:\n\n"
        "  curl '{0}/api/postback?click_id=click-1&affiliate_id=7&goal=registration'{1}\n\n"
        "  curl {0}/api/ftd{1} -H 'Content-Type: application/json' \\\n"
        "    -d '{{\"click_id\":\"click-1\",\"affiliate_id\":\"7\",\"amount\":250}}'\n\n"
        "Stop with Ctrl-C.\n",
        from.address,
        key
    );
    return text;
}

}  // namespace barracuda::app
