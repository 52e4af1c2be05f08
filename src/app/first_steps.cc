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

std::string FirstSteps(
    const config::Config& config, const std::string& program, uint16_t port, bool keys
) {
    std::string host = config.server.listen_host;
    if (host == "0.0.0.0") host = "127.0.0.1";
    if (host == "::") host = "::1";
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    const std::string address = fmt::format("http://{}:{}", host, port);
    std::string text = fmt::format("barracuda listens on {}\n", address);
    const bool open = config.auth.ingest == "open";
    if (keys) return text;
    if (!open) {
        std::error_code ec;
        auto data = std::filesystem::absolute(config.store.data, ec).lexically_normal().string();
        text += fmt::format(
            "\nThere is no API key yet, and writes from servers need one. In another terminal:\n\n"
            "  KEY=$({} key create --name first --scope ingest --data {})\n",
            ShellWord(program),
            ShellWord(data)
        );
    }
    text += fmt::format(
        "\nReport a registration as a tracker would, then a deposit:\n\n"
        "  curl '{0}/api/postback?click_id=click-1&affiliate_id=7&goal=registration'{1}\n"
        "  curl {0}/api/ftd{1} -H 'Content-Type: application/json' \\\n"
        "    -d '{{\"click_id\":\"click-1\",\"affiliate_id\":\"7\",\"amount\":250}}'\n\n"
        "Stop with Ctrl-C.\n",
        address,
        open ? "" : " -H \"Authorization: Bearer $KEY\""
    );
    return text;
}

}  // namespace barracuda::app
