// A node as it stands in the collection `nodes` (docs/formats/documents.md). Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/strong_id.h"
#include "base/time.h"

namespace barracuda::nodes {

enum class NodeState { kAlive, kDead, kLeft };
const char* NameOf(NodeState state);

struct NodeDocument {
    NodeId id;  // the document's key
    NodeState state = NodeState::kAlive;
    int64_t beat = 0;
    int64_t goal_epoch = 0;  // the goal rule it works by
    NodeId declared_by;      // who declared it dead
    std::string host, version;
    int64_t pid = 0;
    Time started, seen;  // by the node's own clock: for people
    int64_t rev = 0;

    bool operator==(const NodeDocument&) const = default;
};

// Codec. Decoding takes an unknown state for dead.
std::string Encode(const NodeDocument& node);
NodeDocument DecodeNode(std::string_view bson);

}  // namespace barracuda::nodes
