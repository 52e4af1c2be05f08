#include "app/command_tree.h"

#include <fmt/format.h>

namespace barracuda::app {

namespace {

// CLI11 appends what it checks to the name of a value's type: "TEXT:{ingest,admin}".
std::vector<std::string> ChoicesOf(const std::string& type) {
    const auto begin = type.find('{'), end = type.rfind('}');
    if (begin == std::string::npos || end == std::string::npos) return {};
    return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

OptionShape ShapeOf(const CLI::Option& option) {
    const bool flag = option.get_items_expected_max() == 0;
    const std::string type = flag ? "" : option.get_type_name();
    OptionShape shape;
    shape.positional = option.nonpositional() ? false : option.get_positional();
    shape.name = shape.positional ? option.get_name(true) : "--" + option.get_lnames().front();
    if (!option.get_snames().empty()) shape.brief = "-" + option.get_snames().front();
    shape.value = type.substr(0, type.find(':'));
    if (shape.positional) shape.value = shape.name;
    shape.about = option.get_description();
    shape.choices = ChoicesOf(type);
    shape.required = option.get_required();
    shape.many = option.get_expected_max() > 1;
    return shape;
}

void Collect(const CLI::App& at, const std::string& path, std::vector<CommandShape>& into) {
    CommandShape shape{path, at.get_description(), at.get_footer(), {}, {}};
    const auto all = [](const CLI::App*) { return true; };
    std::vector<const CLI::App*> below;
    for (const auto* one : at.get_subcommands(all)) {
        if (one->get_group().empty()) continue;  // hidden
        shape.commands.emplace_back(one->get_name(), one->get_description());
        below.push_back(one);
    }
    for (const auto* option : at.get_options()) shape.options.push_back(ShapeOf(*option));
    into.push_back(std::move(shape));
    for (const auto* one : below) {
        Collect(*one, path.empty() ? one->get_name() : path + " " + one->get_name(), into);
    }
}

}  // namespace

std::vector<CommandShape> ShapesOf(const CLI::App& app) {
    std::vector<CommandShape> shapes;
    Collect(app, "", shapes);
    return shapes;
}

}  // namespace barracuda::app
