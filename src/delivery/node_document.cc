#include "delivery/node_document.h"

#include <cstdlib>

#include "domain/bson.h"

namespace barracuda::delivery {

const char* NameOf(NodeState state) {
    switch (state) {
        case NodeState::kAlive:
            return "alive";
        case NodeState::kDead:
            return "dead";
        case NodeState::kLeft:
            return "left";
    }
    return "dead";
}

std::string Encode(const NodeDocument& node) {
    domain::BsonWriter to;
    to.Text("_id", node.id);
    to.Text("state", NameOf(node.state));
    to.Int("beat", node.beat);
    to.Int("goal_epoch", node.goal_epoch);
    if (!node.declared_by.empty()) to.Text("declaredBy", node.declared_by);
    to.Text("host", node.host);
    to.Int("pid", node.pid);
    to.Text("version", node.version);
    to.Date("startedAt", node.started);
    to.Date("seenAt", node.seen);
    to.Int("rev", node.rev);
    return to.Take();
}

// A state that is not known is not alive: nothing is sent by such a node.
NodeDocument DecodeNode(std::string_view bson) {
    auto text = [&](const char* name) { return domain::TopText(bson, name).value_or(""); };
    auto number = [&](const char* name) -> int64_t {
        return std::strtoll(text(name).c_str(), nullptr, 10);
    };
    NodeDocument node;
    node.id = text("_id");
    node.state = NodeState::kDead;
    if (text("state") == "alive") node.state = NodeState::kAlive;
    if (text("state") == "left") node.state = NodeState::kLeft;
    node.beat = number("beat");
    node.goal_epoch = number("goal_epoch");
    node.declared_by = text("declaredBy");
    node.host = text("host");
    node.pid = number("pid");
    node.version = text("version");
    node.started = Time{number("startedAt")};
    node.seen = Time{number("seenAt")};
    node.rev = number("rev");
    return node;
}

}  // namespace barracuda::delivery
