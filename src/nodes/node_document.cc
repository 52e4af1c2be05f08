#include "nodes/node_document.h"

#include <cstdlib>

#include "domain/bson.h"

namespace barracuda::nodes {

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
    to.Text("_id", node.id.value);
    to.Text("state", NameOf(node.state));
    to.Int("beat", node.beat);
    to.Int("goal_epoch", node.goal_epoch);
    if (!node.declared_by.empty()) to.Text("declaredBy", node.declared_by.value);
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
    const domain::TopFields fields(bson);
    NodeDocument node;
    node.id = NodeId(fields.TextOr("_id"));
    node.state = NodeState::kDead;
    const std::string state = fields.TextOr("state");
    if (state == "alive") node.state = NodeState::kAlive;
    if (state == "left") node.state = NodeState::kLeft;
    node.beat = fields.Number("beat");
    node.goal_epoch = fields.Number("goal_epoch");
    node.declared_by = NodeId(fields.TextOr("declaredBy"));
    node.host = fields.TextOr("host");
    node.pid = fields.Number("pid");
    node.version = fields.TextOr("version");
    node.started = Time{fields.Number("startedAt")};
    node.seen = Time{fields.Number("seenAt")};
    node.rev = fields.Number("rev");
    return node;
}

}  // namespace barracuda::nodes
