// Every setting with its default, as a TOML file to begin with.
#include <fmt/format.h>

#include "config/config.h"
#include "config/goals.h"
#include "config/settings.h"
#include "config/values.h"

namespace barracuda::config {
namespace {

constexpr std::string_view kHead =
    R"(# Every setting of Barracuda with its default. Take the # off a line to set it, and see what
# `barracuda check-config --config FILE` makes of it. Meanings in full: docs/operating/settings.md
)";

constexpr std::string_view kGoals = R"(
# The goals. Without a [[goal]] there are these two: a registration, from which the forms' chain rule (then,
# then_amount, then_when = "recorded" or "delivered") makes a deposit. type: registration, deposit
# or other. repeatable: several a click, told apart by transaction_id; there is no way back.
)";

std::string ValueOf(const Setting& setting) {
    switch (setting.kind) {
        case Kind::kNumber:
        case Kind::kSwitch:
            return std::string(setting.fallback);
        case Kind::kList: {
            std::string items;
            for (const auto& item : ParseList(setting.fallback)) {
                items += fmt::format("{}\"{}\"", items.empty() ? "" : ", ", item);
            }
            return "[" + items + "]";
        }
        case Kind::kText:
        case Kind::kDuration:
        case Kind::kSize:
            break;
    }
    return fmt::format("\"{}\"", setting.fallback);
}

std::string TextOf(const Goal& goal) {
    std::string text = fmt::format(
        "#[[goal]]\n#id = \"{}\"\n#type = \"{}\"\n#repeatable = {}\n",
        goal.id,
        goal.type,
        goal.repeatable
    );
    if (goal.then.empty()) return text;
    return text + fmt::format(
                      "#then = \"{}\"\n#then_amount = \"{}\"\n#then_when = \"{}\"\n",
                      goal.then,
                      goal.then_amount,
                      goal.then_when
                  );
}

}  // namespace

std::string GoalsReference() {
    std::string text(kGoals);
    for (const Goal& goal : DefaultGoals()) text += TextOf(goal);
    return text;
}

std::string Reference() {
    std::string text(kHead), section;
    for (const Setting& setting : Settings()) {
        const auto dot = setting.path.find('.');
        if (setting.path.substr(0, dot) != section) {
            section = setting.path.substr(0, dot);
            text += fmt::format("\n[{}]", section);
        }
        text += fmt::format("\n# {}{}\n", setting.secret ? "Secret: " : "", setting.help);
        text += fmt::format("# {}; environment {}", setting.expects, EnvironmentName(setting));
        if (!setting.alias.empty()) text += fmt::format(", {}", setting.alias);
        text += fmt::format("\n#{} = {}\n", setting.path.substr(dot + 1), ValueOf(setting));
    }
    return text + GoalsReference();
}

}  // namespace barracuda::config
