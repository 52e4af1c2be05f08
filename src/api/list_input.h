// What every list reads from its query: times, cursors, sizes; and how a page by cursor is
// answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/input.h"
#include "api/respond.h"
#include "base/time.h"

namespace barracuda::api {

// ISO 8601; absent: nullopt. Anything else is refused by name.
std::optional<Time> ReadTime(Reader& reader, const char* name);

// `cursor`: opaque bytes of an earlier page, in hex on the way.
std::string ReadCursor(Reader& reader);
std::string CursorText(std::string_view cursor);

// `limit`: 50, at most 200.
size_t ReadLimit(Reader& reader);

// {success, data[…], pagination{limit, nextCursor}}.
http::Response CursorPage(const JsonList& data, size_t limit, std::string_view cursor);

// A whole number within the bounds; absent: nullopt. Anything else is refused by name.
std::optional<int> ReadNumber(Reader& reader, const char* name, int least, int most);

// One of a few words; absent: empty. Another one finds nothing, ever: it is refused by name.
using Words = std::vector<std::string_view>;
std::string ReadWord(Reader& reader, const char* name, const Words& words);

// Refuses every name but these: one that is misspelt would find, or do, something else than was
// asked. Not for the lists of the seven routes, whose callers may say more than they mean.
void RefuseOthers(const Input& input, Reader& reader, const Words& known, std::string_view what);

inline constexpr std::string_view kNoFilter = "is no filter of this list";

// "true" or "false".
std::optional<bool> ReadFlag(Reader& reader, const char* name);

// The same where `name=1` says that nothing shall be done: absent is false, but no slip is (`name`
// alone, `name=yes`), for it would do the thing.
bool ReadSwitch(const Input& query, Reader& reader, const char* name);

}  // namespace barracuda::api
