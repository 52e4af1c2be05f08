// Where a document stands in MongoDB: its collection, the filters that find it, and the way back.
// docs/formats/mongodb.md.
//
// A conversion is found by (click_id, goal_id, occurrence); its `_id` is an ObjectId of its own.
// Every other document's primary key is its `_id`: an ObjectId when the key is 24 hex digits
// (contacts), else the key as text.
//
// Pure, any thread.
#pragma once

#include <string>
#include <string_view>

#include "store/document_ref.h"
#include "store/engine.h"
#include "store/mongo/bson_handle.h"

namespace barracuda::store {

// Of a document outside the conversions.
void AppendKey(Bson& to, std::string_view name, std::string_view key);

// The document exactly as it was read: `_id`, key as stored and `rev` (a missing one counts as 0).
// With the click and the goal in it, so that a sharded cluster sends it to one shard. In settings a
// document that was removed and made anew has the same `_id` and may have the same `rev`: when it
// was made (`createdAt`, a stop's `since`) tells the two apart, so that a removal which hung meets
// no later one.
Bson StoredFilter(Collection collection, std::string_view before);

// Whether `stored` is still what StoredFilter of `before` finds.
bool IsStill(Collection collection, std::string_view stored, std::string_view before);

// 0 when there is none.
int64_t RevIn(std::string_view document);

// As MongoDB wants it: with `_id`. Documents have one; one without takes its primary key.
std::string WithId(const Ref& ref, std::string_view document);

// Whether `stored` came of the write of `after` over `before`: it is it, or it was changed further
// and still holds what that write put into the history.
bool ComesOf(std::string_view stored, std::string_view before, std::string_view after);

}  // namespace barracuda::store
