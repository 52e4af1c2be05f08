#include "app/manual.h"

#include <fmt/format.h>

#include "app/command_texts.h"
#include "app/command_tree.h"
#include "base/check.h"
#include "config/settings.h"

namespace barracuda::app {

namespace {

// As roff takes it for plain text: a hyphen that may be copied, and no line that begins as a
// request.
std::string Plain(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool first = out.empty() || out.back() == '\n';
        if (first && (c == '.' || c == '\'')) out += "\\&";
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else if (!first || c != '\n') {  // an empty line is a request's: .PP
            out += c;
        }
    }
    return out;
}

// As it stands, line for line.
std::string Verbatim(std::string_view text) {
    while (text.starts_with('\n')) text.remove_prefix(1);
    while (text.ends_with('\n')) text.remove_suffix(1);
    std::string out = ".nf\n";
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        out += line.empty() ? ".sp\n" : Plain(line) + "\n";
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return out + ".fi\n";
}

std::string Bold(std::string_view text) { return "\\fB" + Plain(text) + "\\fR"; }
std::string Italic(std::string_view text) { return "\\fI" + Plain(text) + "\\fR"; }

std::string SynopsisOf(const OptionShape& option) {
    std::string text = option.positional ? Italic(option.name) : Bold(option.name);
    if (!option.positional && !option.value.empty()) text += " " + Italic(option.value);
    if (option.many) text += "...";
    return option.required ? text : "[" + text + "]";
}

std::string EntryOf(const OptionShape& option) {
    std::string head = option.positional ? Italic(option.name) : Bold(option.name);
    if (!option.brief.empty()) head = Bold(option.brief) + ", " + head;
    if (!option.positional && !option.value.empty()) head += " " + Italic(option.value);
    std::string about = Plain(option.about);
    if (!option.choices.empty()) {
        about +=
            fmt::format(" (one of: {})", Plain(fmt::format("{}", fmt::join(option.choices, ", "))));
    }
    return fmt::format(".TP\n{}\n{}\n", head, about);
}

std::string EntryOf(const CommandShape& command) {
    std::string synopsis = Bold("barracuda " + command.path);
    for (const auto& option : command.options) {
        if (option.name != "--help") synopsis += " " + SynopsisOf(option);
    }
    std::string text =
        fmt::format(".SS {}\n{}\n.PP\n{}\n", Plain(command.path), synopsis, Plain(command.about));
    for (const auto& option : command.options) text += EntryOf(option);
    if (command.footer.find_first_not_of('\n') != std::string::npos)
        text += ".PP\n" + Verbatim(command.footer);
    return text;
}

std::string HeadOf(std::string_view title, std::string_view name, int section, const char* about) {
    return fmt::format(
        ".TH {} {} \"\" \"barracuda {}\"\n.SH NAME\n{} \\- {}\n",
        title,
        section,
        BARRACUDA_VERSION,
        Plain(name),
        Plain(about)
    );
}

std::string CommandsPage(const CLI::App& app) {
    std::string text = HeadOf("BARRACUDA", "barracuda", 1, "a self-hosted conversion ledger");
    text += ".SH SYNOPSIS\n" + Bold("barracuda") + " " + Italic("COMMAND") + " [" +
            Italic("OPTION") + "...]\n";
    const auto shapes = ShapesOf(app);
    text += ".SH DESCRIPTION\n" + Plain(shapes.front().about) + "\n.PP\n" +
            Verbatim(shapes.front().footer);
    text += ".SH OPTIONS\n";
    for (const auto& option : shapes.front().options) text += EntryOf(option);
    text += ".SH COMMANDS\n";
    for (size_t i = 1; i < shapes.size(); ++i) {
        if (shapes[i].commands.empty()) text += EntryOf(shapes[i]);
    }
    text += ".SH EXIT STATUS\n" + Plain(kExitCodes) + "\n";
    text += ".SH FILES\n" + Verbatim(kFiles);
    return text + ".SH SEE ALSO\n.BR barracuda.toml (5)\n";
}

std::string SettingsPageText() {
    std::string text = HeadOf("BARRACUDA.TOML", "barracuda.toml", 5, "settings of barracuda"),
                section;
    text += ".SH DESCRIPTION\n" + Plain(kSettings) + "\n";
    for (const config::Setting& setting : config::Settings()) {
        const auto own = setting.path.substr(0, setting.path.find('.'));
        if (own != section) text += fmt::format(".SH [{}]\n", own);
        section = own;
        text += fmt::format(
            ".TP\n{}\n{}{}.\n.br\nDefault: {}. Accepts: {}.\n.br\nEnvironment: {}{}{}\n",
            Bold(setting.path),
            setting.secret ? "Secret: " : "",
            Plain(setting.help),
            setting.fallback.empty() ? "empty" : Plain(setting.fallback),
            Plain(setting.expects),
            Plain(config::EnvironmentName(setting)),
            setting.alias.empty() ? "" : ", ",
            Plain(setting.alias)
        );
    }
    return text + ".SH [[goal]]\n" + Verbatim(config::GoalsReference()) +
           ".SH SEE ALSO\n.BR barracuda (1)\n";
}

}  // namespace

std::string ManualPage(const CLI::App& app, const std::string& page) {
    BARRACUDA_CHECK(page == kCommandsPage || page == kSettingsPage);
    return page == kCommandsPage ? CommandsPage(app) : SettingsPageText();
}

}  // namespace barracuda::app
