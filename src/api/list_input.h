// Parameters of every list: times, cursors, sizes; and the answer of a page by cursor. A fault is
// refused in the reader, by name.
//
// Threads: one a request; nothing is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/reader.h"
#include "api/respond.h"
#include "base/time.h"

namespace barracuda::api {

// ISO 8601; absent: nullopt. Anything else is refused by name.
std::optional<Time> ReadTime(Reader& reader, const char* name);
// The same for a period's end, which is not within: a date alone includes that day (UTC).
std::optional<Time> ReadEnd(Reader& reader, const char* name);

// `cursor`: opaque bytes of an earlier page, with a check that tells them from others, in base64url
// on the way: with the longest ids it still fits into a URL.
inline constexpr size_t kCursorBytesMax = 8 * 1024;
std::string ReadCursor(Reader& reader);
std::string CursorText(std::string_view cursor);                       // empty: empty
std::optional<std::string> CursorBytes(std::string_view cursor_text);  // nullopt: not one of ours

// `limit`: 50, at most 200.
size_t ReadLimit(Reader& reader);

// {success, data[…], pagination{limit, nextCursor}}.
http::Response CursorPage(const JsonList& data, size_t limit, std::string_view cursor);

// A whole number within the bounds; absent: nullopt. Anything else is refused by name.
std::optional<int> ReadNumber(Reader& reader, const char* name, int least, int most);

// One of a few words; absent: empty. Another one finds nothing, ever: it is refused by name.
using Words = std::vector<std::string_view>;
std::string ReadWord(Reader& reader, const char* name, const Words& words);

// Refuses every name that nobody has read, with the known name it is like: one that is misspelt
// would find, or do, something else than was asked. For lists and edits, after everything is read;
// not for reports, whose callers may say more than they mean.
void RefuseUnread(const Input& input, Reader& reader, std::string_view what);

inline constexpr std::string_view kNoFilter = "is no filter of this list";

// "true" or "false".
std::optional<bool> ReadFlag(Reader& reader, const char* name);

// The same where `name=1` says that nothing shall be done: absent is false, but no slip is (`name`
// alone, `name=yes`), for it would do the thing.
bool ReadSwitch(const Input& query, Reader& reader, const char* name);

}  // namespace barracuda::api
