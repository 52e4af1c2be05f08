// The completions of bash, zsh and fish. Each finds the command under the cursor by the words
// before it, then offers what that command takes.
#include <fmt/format.h>

#include "app/command_tree.h"
#include "app/manual.h"
#include "base/check.h"

namespace barracuda::app {

namespace {

// In single quotes, as the shells of POSIX and zsh take them.
std::string Quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string FishQuoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

std::string WordsOf(const CommandShape& command) {
    std::vector<std::string> words;
    for (const auto& [name, about] : command.commands) words.push_back(name);
    for (const auto& option : command.options) {
        if (!option.positional) words.push_back(option.name);
    }
    return fmt::format("{}", fmt::join(words, " "));
}

// Every path that ends in a command: the shells follow the words by them.
std::string PathsOf(const std::vector<CommandShape>& shapes, const char* between) {
    std::vector<std::string> paths;
    for (const auto& shape : shapes) {
        if (!shape.path.empty()) paths.push_back(Quoted(shape.path));
    }
    return fmt::format("{}", fmt::join(paths, between));
}

size_t DepthOf(const CommandShape& shape) {
    if (shape.path.empty()) return 0;
    return 1 + static_cast<size_t>(std::count(shape.path.begin(), shape.path.end(), ' '));
}

// --- bash

std::string BashValue(const OptionShape& option) {
    if (!option.choices.empty()) {
        return fmt::format("compgen -W $'{}' -- \"$current\"", fmt::join(option.choices, "\\n"));
    }
    if (option.value == "FILE") return "compgen -f -- \"$current\"";
    if (option.value == "DIR") return "compgen -d -- \"$current\"";
    return ":";
}

constexpr const char* kBashHead = R"(# bash completion of barracuda
_barracuda() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} at="" i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "${{at:+$at }}${{COMP_WORDS[i]}}" in
            {}) at="${{at:+$at }}${{COMP_WORDS[i]}}" ;;
        esac
    done
    local IFS=$'\n'
    case "$at:$previous" in
)";

std::string Bash(const std::vector<CommandShape>& shapes) {
    std::string text = fmt::format(kBashHead, PathsOf(shapes, "|"));
    for (const auto& shape : shapes) {
        for (const auto& option : shape.options) {
            if (option.positional || option.value.empty()) continue;
            text += fmt::format(
                "        '{}:{}') COMPREPLY=($({})); return ;;\n",
                shape.path,
                option.name,
                BashValue(option)
            );
        }
    }
    text += "    esac\n    local words=\"\" places=\"\"\n    case \"$at\" in\n";
    for (const auto& shape : shapes) {
        std::string places;
        for (const auto& option : shape.options) {
            if (option.positional) places = BashValue(option);
        }
        text += fmt::format("        '{}') words={}", shape.path, Quoted(WordsOf(shape)));
        if (!places.empty() && places != ":") text += fmt::format("; places=$({})", places);
        text += " ;;\n";
    }
    return text +
           "    esac\n    COMPREPLY=($(IFS=' '; compgen -W \"$words\" -- \"$current\") $places)\n"
           "}\ncomplete -o filenames -F _barracuda barracuda\n";
}

// --- zsh

std::string ZshText(std::string_view text) {  // in [...] and before a colon
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string ZshValue(const OptionShape& option) {
    std::string action;
    if (!option.choices.empty()) action = fmt::format("({})", fmt::join(option.choices, " "));
    if (option.value == "FILE") action = "_files";
    if (option.value == "DIR") action = "_files -/";
    return fmt::format(":{}:{}", ZshText(option.value), action);
}

std::string ZshOption(const OptionShape& option) {
    if (option.positional) return Quoted((option.many ? "*" : "") + ZshValue(option));
    const std::string about = fmt::format("{}[{}]", option.name, ZshText(option.about));
    return Quoted(option.value.empty() ? about : about + ZshValue(option));
}

constexpr const char* kZshHead = R"(#compdef barracuda
_barracuda() {{
    local at="" word
    local -a commands
    for word in "${{(@)words[2,CURRENT-1]}}"; do
        case "${{at:+$at }}$word" in
            ({}) at="${{at:+$at }}$word" ;;
        esac
    done
    case "$at" in
)";

std::string Zsh(const std::vector<CommandShape>& shapes) {
    std::string text = fmt::format(kZshHead, PathsOf(shapes, "|"));
    for (const auto& shape : shapes) {
        text += fmt::format("        ('{}')\n", shape.path);
        if (!shape.commands.empty()) {
            text += "            commands=(\n";
            for (const auto& [name, about] : shape.commands) {
                text += fmt::format("                {}\n", Quoted(name + ":" + ZshText(about)));
            }
            text +=
                "            )\n            [[ $PREFIX == -* ]] || _describe command commands\n";
        }
        // _arguments counts from the command's own word.
        if (DepthOf(shape) > 0) {
            text +=
                fmt::format("            shift {0} words; (( CURRENT -= {0} ))\n", DepthOf(shape));
        }
        text += "            _arguments";
        for (const auto& option : shape.options)
            text += " \\\n                " + ZshOption(option);
        text += "\n            ;;\n";
    }
    return text + "    esac\n}\n_barracuda \"$@\"\n";
}

// --- fish

constexpr const char* kFishHead = R"(# fish completion of barracuda
function __barracuda_at
    set -l at
    for word in (commandline -opc)[2..-1]
        set -l next (string join ' ' -- $at $word)
        if contains -- $next {}
            set at $next
        end
    end
    test "$at" = "$argv[1]"
end
complete -c barracuda -f
)";

std::string FishValue(const OptionShape& option) {
    if (!option.choices.empty()) {
        return fmt::format(" -x -a '{}'", fmt::join(option.choices, " "));
    }
    if (option.value == "FILE") return " -r -F";
    if (option.value == "DIR") return " -x -a '(__fish_complete_directories)'";
    return option.value.empty() ? "" : " -x";
}

std::string Fish(const std::vector<CommandShape>& shapes) {
    std::string text = fmt::format(kFishHead, PathsOf(shapes, " "));
    for (const auto& shape : shapes) {
        const auto line =
            fmt::format("complete -c barracuda -n '__barracuda_at \"{}\"'", shape.path);
        for (const auto& [name, about] : shape.commands) {
            text += fmt::format("{} -a {} -d {}\n", line, name, FishQuoted(about));
        }
        for (const auto& option : shape.options) {
            if (option.positional && option.value == "FILE") text += line + " -F\n";
            if (option.positional && option.value == "DIR") {
                text += line + " -a '(__fish_complete_directories)'\n";
            }
            if (option.positional) continue;
            text += fmt::format(
                "{} -l {}{} -d {}\n",
                line,
                option.name.substr(2),
                FishValue(option),
                FishQuoted(option.about)
            );
        }
    }
    return text;
}

}  // namespace

std::string Completion(const CLI::App& app, const std::string& shell) {
    const auto shapes = ShapesOf(app);
    if (shell == "bash") return Bash(shapes);
    if (shell == "zsh") return Zsh(shapes);
    BARRACUDA_CHECK(shell == "fish");
    return Fish(shapes);
}

}  // namespace barracuda::app
