#include "targets.h"

#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <optional>

#include "api/admin_session.h"
#include "api/form_input.h"
#include "api/json_input.h"
#include "api/origin.h"
#include "auth/client_address.h"
#include "base/check.h"
#include "base/cidr.h"
#include "base/money.h"
#include "base/raw_json.h"
#include "base/said_words.h"
#include "base/text.h"
#include "base/time.h"
#include "base/unseen.h"
#include "config/file.h"
#include "config/values.h"
#include "domain/bson.h"
#include "domain/contact.h"
#include "domain/conversion.h"
#include "domain/given_id.h"
#include "domain/postback_template.h"
#include "http/parser.h"
#include "report/csv.h"
#include "runs.h"
#include "seeds.h"
#include "store/accepted_loss.h"
#include "store/kv.h"

namespace barracuda::fuzz {

namespace {

// The first byte chooses, the rest is the input.
struct Choice {
    unsigned number = 0;
    std::string_view rest;
};

Choice Choose(std::string_view bytes) {
    if (bytes.empty()) return {};
    return {static_cast<unsigned char>(bytes[0]), bytes.substr(1)};
}

struct Read {
    http::RequestParser::Status status = http::RequestParser::Status::kMore;
    int error = 0;
    size_t consumed = 0;
    http::Request request;
};

Read ReadCutAt(std::string_view text, size_t cut) {
    http::RequestParser parser(http::ParserLimits{});
    Read read;
    for (size_t end : {cut, text.size()}) {
        if (read.status != http::RequestParser::Status::kMore) break;
        size_t consumed = 0;
        read.status = parser.Parse(text.substr(read.consumed, end - read.consumed), consumed);
        read.consumed += consumed;
        BARRACUDA_CHECK(read.consumed <= end);
    }
    read.error = parser.error_status();
    read.request = parser.request();
    return read;
}

// The result does not depend on how the bytes were cut, and keeps to its bounds.
void RunRequest(std::string_view bytes) {
    const auto [number, text] = Choose(bytes);
    const Read whole = ReadCutAt(text, text.size());
    const Read cut = ReadCutAt(text, text.empty() ? 0 : number * text.size() / 256);
    BARRACUDA_CHECK(whole.status == cut.status && whole.error == cut.error);
    using Status = http::RequestParser::Status;
    BARRACUDA_CHECK((whole.status == Status::kFailed) == (whole.error != 0));
    if (whole.status != Status::kDone) return;
    BARRACUDA_CHECK(whole.consumed == cut.consumed && whole.request.body == cut.request.body);
    BARRACUDA_CHECK(
        whole.request.path == cut.request.path && whole.request.headers == cut.request.headers
    );
    BARRACUDA_CHECK(whole.request.headers.size() <= http::ParserLimits{}.headers_max);
    BARRACUDA_CHECK(whole.request.path.starts_with('/') || whole.request.path == "*");
}

void RunQuery(std::string_view text) {
    http::Pairs pairs;
    (void)http::ParseQuery(text, pairs, 64);
    BARRACUDA_CHECK(pairs.size() <= 65);
    std::string once;
    if (PercentDecode(text, false, once)) BARRACUDA_CHECK(once.size() <= text.size());
}

void RunForm(std::string_view text) {
    if (auto form = api::ParseForm(text)) BARRACUDA_CHECK(form->all().size() <= api::kFieldsMax);
    const auto [type, body] = FirstLine(text);
    if (auto form = api::ParseMultipart(body, type)) {
        BARRACUDA_CHECK(form->all().size() <= api::kFieldsMax);
    }
}

void RunJson(std::string_view text) {
    http::Request request;
    request.method = "POST";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = text;
    (void)api::ParseJsonInput(request);
    (void)api::ParseJsonObject(request);
    (void)api::Input::OfBody(request);
    (void)CompactJson(text);
}

void RunHeaders(std::string_view text) {
    static const auth::TrustedProxies proxies({"10.0.0.0/8", "127.0.0.1"});
    static const std::vector<std::string> hosts{"ledger.example", "ledger.example:8080"};
    http::Request request;
    request.peer_address = "127.0.0.1";
    std::vector<std::string> forwarded;
    constexpr const char* kNames[] = {
        "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Origin", "Host", "Cookie"};
    for (const char* name : kNames) {
        const auto [line, rest] = FirstLine(text);
        request.headers.emplace_back(name, line);
        if (name == kNames[0]) forwarded.emplace_back(line);
        text = rest;
    }
    BARRACUDA_CHECK(!proxies.ClientAddress(request.peer_address, forwarded).empty());
    BARRACUDA_CHECK(proxies.ClientAddress("192.0.2.1", forwarded) == "192.0.2.1");
    (void)api::OriginIsOurs(proxies, request);
    (void)api::FromForeignPage(proxies, request);
    (void)api::HostIsKnown(proxies, hosts, request);
    (void)api::SchemeOfClient(proxies, request);
    (void)api::CookieOf(proxies, request, api::kSessionCookie);
}

// One reading, and the same id however often it is judged.
void RunId(std::string_view text) {
    const auto id = domain::JudgeId(text);
    if (!id.problem.empty()) return;
    BARRACUDA_CHECK(id.text.size() <= domain::kIdBytesMax && id.text.size() <= text.size());
    const auto again = domain::JudgeId(id.text);
    BARRACUDA_CHECK(again.problem.empty() && again.text == id.text);
}

// URL, method, a header, the body's type and the body of a network's template, a line each.
void RunTemplate(std::string_view text) {
    domain::PostbackText given;
    const auto [url, rest] = FirstLine(text);
    given.url = url;
    const auto [method, more] = FirstLine(rest);
    given.method = method;
    const auto [header, last] = FirstLine(more);
    if (!header.empty()) given.headers.emplace_back(header);
    const auto [type, body] = FirstLine(last);
    given.body_type = type;
    given.body = body;
    auto compiled = domain::PostbackTemplate::Compile(given);
    if (!compiled) {
        BARRACUDA_CHECK(!compiled.error().field.empty());
        return;
    }
    const domain::Parameters parameters{{"click_id", "a b&c=\r\n\"{x}"}, {"amount", "1.5"}};
    const DeliveryId delivery("d-1");
    const std::vector<std::string> secrets{"secret"};
    auto call = compiled->Render({parameters, delivery, Time{1'700'000'000'000}, secrets, false});
    if (!call) return;
    BARRACUDA_CHECK(call->url.find_first_of(" \r\n") == std::string::npos);
    for (const auto& one : call->headers) {
        BARRACUDA_CHECK(one.find_first_of("\r\n") == std::string::npos);
    }
}

// What is read of a document is written so that it reads the same.
template <typename Decode>
void RoundTrip(std::string_view bytes, Decode decode) {
    auto first = decode(bytes);
    if (!first) return;
    const std::string written = domain::Encode(*first);
    auto second = decode(std::string_view(written));
    BARRACUDA_CHECK(second.has_value());
    BARRACUDA_CHECK(domain::Encode(*second) == written);
}

void RunConversion(std::string_view bytes) {
    RoundTrip(bytes, [](std::string_view bson) { return domain::DecodeConversion(bson); });
    const domain::TopFields fields(bytes);
    (void)domain::TopText(bytes, "click_id");
}

void RunContact(std::string_view bytes) {
    RoundTrip(bytes, [](std::string_view bson) { return domain::DecodeContact(bson); });
}

void RunStored(std::string_view bytes) {
    if (auto value = store::RollupValue::Parse(bytes)) {
        BARRACUDA_CHECK(store::RollupValue::Parse(value->Bytes()).has_value());
    }
    (void)store::AcceptedLoss::Parse(bytes);
    if (auto raw = BytesOfHex(bytes)) BARRACUDA_CHECK(HexOf(*raw).size() == bytes.size());
}

// A cell is one cell to every reader, and begins no formula.
void RunCsv(std::string_view text) {
    const std::string cell = report::CsvCell(text);
    const bool quoted = cell.starts_with('"');
    if (!quoted) {
        BARRACUDA_CHECK(cell.find_first_of(",\"\r\n") == std::string::npos);
        BARRACUDA_CHECK(
            cell.empty() || std::string_view("=+-@\t").find(cell[0]) == std::string_view::npos
        );
        return;
    }
    BARRACUDA_CHECK(cell.size() >= 2 && cell.back() == '"');
    BARRACUDA_CHECK(std::string_view("=+-@\t\r").find(cell[1]) == std::string_view::npos);
    const std::string_view inner = std::string_view(cell).substr(1, cell.size() - 2);
    for (size_t i = 0; i < inner.size(); ++i) {
        if (inner[i] != '"') continue;
        BARRACUDA_CHECK(i + 1 < inner.size() && inner[i + 1] == '"');
        ++i;
    }
}

void RunValues(std::string_view text) {
    if (auto money = Money::Parse(text)) {
        auto again = Money::Parse(money->Text());
        BARRACUDA_CHECK(again && *again == *money);
    }
    // Years beyond four digits are written as they are read, but not read again.
    if (auto time = Time::ParseIso(text); time && time->ms > 0 && time->ms < 253'402'300'800'000) {
        BARRACUDA_CHECK(Time::ParseIso(time->Iso()) == time);
    }
    if (auto range = Cidr::Parse(text)) BARRACUDA_CHECK(range->Contains(range->base));
    (void)ParseAddress(text);
    (void)config::ParseSwitch(text);
    (void)config::ParseList(text);
    (void)config::ParseUrl(text);
    (void)config::IsAuthority(text);
    (void)config::IsOrigin(text);
    (void)config::DatabaseOf(text);
    if (auto duration = config::ParseDuration(text)) {
        BARRACUDA_CHECK(config::ParseDuration(config::ShowDuration(*duration)) == duration);
    }
}

// A word that is masked is not said any more, in any spelling of it.
void RunMask(std::string_view text) {
    const auto [word, rest] = FirstLine(text);
    if (word.size() < 4) return;
    const std::string masked = Masked(rest, SaidText(rest).Find(word), "***");
    BARRACUDA_CHECK(word.find('*') != std::string_view::npos || !Says(masked, word));
}

void RunConfig(std::string_view text) {
    static const std::string path = "/tmp/barracuda-fuzz-" + std::to_string(getpid()) + ".toml";
    std::ofstream(path, std::ios::binary)
        .write(text.data(), static_cast<std::streamsize>(text.size()));
    (void)config::ReadToml(path);
    unlink(path.c_str());
}

constexpr Target kTargets[] = {
    {"request", RunRequest, RequestSeeds},
    {"query", RunQuery, QuerySeeds},
    {"form", RunForm, FormSeeds},
    {"json", RunJson, JsonSeeds},
    {"headers", RunHeaders, HeaderSeeds},
    {"id", RunId, IdSeeds},
    {"template", RunTemplate, TemplateSeeds},
    {"conversion", RunConversion, ConversionSeeds},
    {"contact", RunContact, ContactSeeds},
    {"stored", RunStored, StoredSeeds},
    {"csv", RunCsv, CsvSeeds},
    {"values", RunValues, ValueSeeds},
    {"mask", RunMask, MaskSeeds},
    {"config", RunConfig, ConfigSeeds},
    {"reply", RunReply, ReplySeeds},
    {"entity", RunEntity, EntitySeeds},
    {"account", RunAccount, AccountSeeds},
    {"job", RunJob, JobSeeds},
    {"cell", RunCell, CellSeeds},
    {"import", RunImport, ImportSeeds},
};

}  // namespace

std::span<const Target> Targets() { return kTargets; }

std::pair<std::string_view, std::string_view> FirstLine(std::string_view text) {
    const size_t end = std::min(text.find('\n'), text.size());
    return {text.substr(0, end), text.substr(std::min(end + 1, text.size()))};
}

}  // namespace barracuda::fuzz
