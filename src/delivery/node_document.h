// A node as it stands in the collection `nodes` (docs/formats/documents.md). Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace barracuda::delivery {

enum class NodeState { kAlive, kDead, kLeft };
const char* NameOf(NodeState state);

struct NodeDocument {
    std::string id;  // boot id: the document's key
    NodeState state = NodeState::kAlive;
    int64_t beat = 0;
    int64_t goal_epoch = 0;   // the goal rule it works by
    std::string declared_by;  // who declared it dead
    std::string host, version;
    int64_t pid = 0;
    Time started, seen;  // by the node's own clock: for people
    int64_t rev = 0;

    bool operator==(const NodeDocument&) const = default;
};

std::string Encode(const NodeDocument& node);
NodeDocument DecodeNode(std::string_view bson);

}  // namespace barracuda::delivery
