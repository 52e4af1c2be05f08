#include "app/findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace barracuda::app {

std::string Findings::Text() const {
    std::string text;
    for (const auto& finding : all_) {
        text += fmt::format(
            "{:<4}  {}: {}", NameOf(finding.health), finding.about, OneLine(finding.text)
        );
        if (!finding.todo.empty()) text += "; do: " + OneLine(finding.todo);
        text += "\n";
    }
    return text;
}

int Findings::Exit() const {
    int worst = 0;
    for (const auto& finding : all_) worst = std::max(worst, static_cast<int>(finding.health));
    return worst;
}

}  // namespace barracuda::app
