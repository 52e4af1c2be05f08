#include "api/job_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "api/filter_input.h"
#include "api/json_input.h"
#include "api/list_input.h"
#include "base/object_id.h"
#include "base/raw_json.h"
#include "base/text.h"
#include "base/unseen.h"

namespace barracuda::api {

namespace json = boost::json;
using delivery::Bulk;
using delivery::JobAction;

namespace {

// A member as a list's parameter is read. `text`: the object it is of, for a number's own digits.
Value ValueOf(const json::key_value_pair& member, std::string_view text) {
    const auto& value = member.value();
    if (value.is_string()) return {Value::Kind::kText, std::string(value.get_string())};
    if (value.is_bool()) return {Value::Kind::kBool, value.get_bool() ? "true" : "false"};
    if (value.is_null()) return {};
    if (value.is_number())
        return {Value::Kind::kNumber, std::string(RawMember(text, member.key()))};
    return {value.is_array() ? Value::Kind::kArray : Value::Kind::kObject};
}

Result<report::Filter> FilterOf(const json::value& given, std::string_view text) {
    if (!given.is_object()) return Fail(ErrorCode::kInvalid, "filter must be an object", "filter");
    Input input;
    for (const auto& member : given.get_object()) {
        input.Add(std::string(member.key()), ValueOf(member, text));
    }
    Reader reader(input);
    auto filter = ReadFilter(reader);
    RefuseUnread(input, reader, kNoFilter);
    if (!reader.error()) return filter;
    Error error = *reader.error();
    error.message.insert(0, "filter.");
    return Fail(std::move(error));
}

Result<std::vector<std::string>> IdsOf(const json::value& given) {
    const auto refuse = [](std::string what) {
        return Fail(ErrorCode::kInvalid, "ids " + what, "ids");
    };
    if (!given.is_array() || given.get_array().empty()) {
        return refuse("must be a list of ids, at least one");
    }
    if (given.get_array().size() > Bulk::kIdsMax) {
        return refuse(fmt::format("has more than {}: say them by a filter", Bulk::kIdsMax));
    }
    std::vector<std::string> ids;
    for (const auto& item : given.get_array()) {
        const auto id = item.is_string() ? ObjectId::Parse(std::string(item.get_string()))
                                         : std::optional<ObjectId>();
        if (!id) return refuse("must be 24 hex digits each");
        ids.push_back(id->Hex());
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

// Exactly one of the two says which.
Result<bool> ReadWhich(const http::Request& request, Bulk& bulk) {
    auto body = ParseJsonObject(request);
    if (!body) return Fail(body.error());
    const auto* ids = body->if_contains("ids");
    const auto* filter = body->if_contains("filter");
    if (bool(ids) == bool(filter)) {
        return Fail(ErrorCode::kInvalid, "ids or filter is required, and not both", "ids");
    }
    if (ids) {
        auto read = IdsOf(*ids);
        if (!read) return Fail(read.error());
        bulk.ids = std::move(*read);
        return true;
    }
    auto read = FilterOf(*filter, RawMember(SkipByteOrderMark(request.body), "filter"));
    if (!read) return Fail(read.error());
    bulk.filter = std::move(*read);
    return true;
}

std::optional<JobAction> ActionNamed(std::string_view name) {
    for (auto action : {JobAction::kApprove, JobAction::kReject, JobAction::kResend}) {
        if (name == delivery::NameOf(action)) return action;
    }
    return std::nullopt;
}

}  // namespace

std::string ReadReason(Reader& reader, bool required) {
    std::string reason(Trim(reader.Text("reason", kReasonBytesMax)));
    if (reason.empty() && required) reader.Refuse("reason", "is required: it stays in the history");
    return reason;
}

Result<BulkAsked> ReadBulkAsked(const http::Request& request, bool dry) {
    auto input = Input::OfBody(request);
    if (!input) return Fail(input.error());
    Reader reader(*input);
    BulkAsked asked;
    const auto action = ActionNamed(reader.Text("action"));
    if (!action) reader.Refuse("action", "must be approve, reject or resend");
    asked.action = action.value_or(JobAction::kApprove);
    asked.bulk.reason = ReadReason(reader, asked.action == JobAction::kReject && !dry);
    if (input->Find("expect")) asked.expect = reader.Count("expect", 0);
    const bool filtered = input->Find("filter");
    (void)input->Find("ids");
    if (filtered && !dry && !asked.expect) {
        reader.Refuse("expect", "is required with a filter: how many are meant");
    }
    RefuseUnread(*input, reader, "is nothing that a job takes");
    if (reader.error()) return Fail(*reader.error());
    if (auto which = ReadWhich(request, asked.bulk); !which) return Fail(which.error());
    return asked;
}

}  // namespace barracuda::api
