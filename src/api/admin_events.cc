// GET /api/admin/events: what happens, as server-sent events (event_hub.h).
#include <fmt/format.h>

#include <algorithm>

#include "api/event_hub.h"
#include "api/filter_input.h"
#include "api/list_input.h"
#include "api/routes.h"
#include "base/text.h"

namespace barracuda::api {

namespace {

constexpr size_t kLastIdBytesMax = 64;

// Those that are named; none: all.
std::vector<Topic> ReadTopics(Reader& reader) {
    std::vector<Topic> topics;
    for (const auto& word : ValuesIn(reader.Text("types"))) {
        const auto* at = std::find_if(std::begin(kTopics), std::end(kTopics), [&](Topic topic) {
            return word == NameOf(topic);
        });
        if (at == std::end(kTopics)) {
            reader.Refuse("types", "must be of conversion, received, delivery, network and job");
            break;
        }
        topics.push_back(*at);
    }
    if (topics.empty()) topics.assign(std::begin(kTopics), std::end(kTopics));
    return topics;
}

}  // namespace

void ListenToEvents(Events& events, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto topics = ReadTopics(reader);
    RefuseUnread(*input, reader, "is no parameter of this path");
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    const auto last = call->request.Header("last-event-id").value_or("");
    const bool sane = last.size() <= kLastIdBytesMax;
    auto stream = events.hub.Listen(std::move(topics), sane ? last : "?");
    if (!stream) return call->respond(http::JsonError(503, "as many pages listen as may"));
    http::Response response;
    response.content_type = "text/event-stream";
    response.headers.emplace_back("Cache-Control", "no-store");
    response.headers.emplace_back("X-Accel-Buffering", "no");  // a proxy would keep it back
    response.stream = std::move(*stream);
    call->respond(std::move(response));
}

}  // namespace barracuda::api
