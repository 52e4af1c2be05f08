#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/config_fixture.h"
#include "config/settings.h"

namespace barracuda::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::chrono_literals;

TEST_F(ConfigTest, Defaults) {
    const auto c = Load(std::nullopt, {}, {});
    ASSERT_TRUE(c) << c.error().message;
    EXPECT_EQ(c->server.listen_host, "127.0.0.1");
    EXPECT_EQ(c->server.listen_port, 8080);
    EXPECT_EQ(c->server.threads, 0);
    EXPECT_EQ(c->store.url, "rocksdb");
    EXPECT_FALSE(c->store.IsMongo());
    EXPECT_EQ(c->store.data, "./data");
    EXPECT_EQ(c->store.database, "barracuda");
    EXPECT_EQ(c->auth.ingest, "key");
    EXPECT_FALSE(c->forms.trust_amounts);
    EXPECT_EQ(c->network.base_url, "");
    EXPECT_EQ(c->network.offer.value, "2");
    EXPECT_EQ(c->network.url_id, "2");
    EXPECT_EQ(c->delivery.inline_wait, 5s);
    EXPECT_EQ(c->delivery.attempt_timeout, 8s);
    EXPECT_EQ(c->delivery.concurrency, 64);
    EXPECT_EQ(c->delivery.retry_schedule.size(), 10u);
    EXPECT_EQ(c->delivery.retry_schedule[1], 5s);
    EXPECT_EQ(c->delivery.retry_schedule[9], 24h);
    EXPECT_EQ(c->limits.forms_per_minute, 60);
    EXPECT_EQ(c->limits.body_bytes, 1u << 20);
    EXPECT_EQ(c->limits.queue, 65536u);
    EXPECT_FALSE(c->log.requests);
    ASSERT_EQ(c->goals.size(), 2u);
    EXPECT_EQ(c->GoalOfType("registration")->id, "5");
    EXPECT_EQ(c->GoalOfType("deposit")->id, "6");
    EXPECT_EQ(c->FindGoal("5")->then, "6");
    EXPECT_EQ(c->FindGoal("5")->then_amount, "100");
    EXPECT_EQ(c->FindGoal("7"), nullptr);
}

// One good and one bad text for every setting; the loop below fails when a new one has no row.
struct Row {
    std::string_view path, good, shown, bad, toml;
};
const Row kRows[] = {
    {"server.listen", "[::1]:90", "[::1]:90", "8080", R"("[::1]:90")"},
    {"server.trusted_proxies",
     "10.0.0.0/8, ::1",
     "10.0.0.0/8,::1",
     "10.0.0.0/33",
     R"(["10.0.0.0/8", "::1"])"},
    {"server.hosts",
     "ledger.example, a:8443",
     "ledger.example,a:8443",
     "http://ledger.example",
     R"(["ledger.example", "a:8443"])"},
    {"server.ops_listen", "127.0.0.1:9", "127.0.0.1:9", "localhost:9", R"("127.0.0.1:9")"},
    {"server.idle_timeout", "90s", "90s", "0s", R"("90s")"},
    {"server.threads", "4", "4", "-1", "4"},
    {"store.url", "mongodb://h/x", "mongodb://h/x", "postgres://h", R"("mongodb://h/x")"},
    {"store.data", "/var/lib/b", "/var/lib/b", "", R"("/var/lib/b")"},
    {"store.database", "shop", "shop", "a/b", R"("shop")"},
    {"store.allow_standalone", "true", "true", "perhaps", "true"},
    {"store.adopt_on_start", "true", "true", "yes", "true"},
    {"auth.ingest", "open", "open", "none", R"("open")"},
    {"forms.origins",
     "https://a.example,*",
     "https://a.example,*",
     "a.example",
     R"(["https://a.example", "*"])"},
    {"forms.trust_amounts", "true", "true", "1", "true"},
    {"forms.affiliate_message", "Danke", "Danke", "a\nb", R"("Danke")"},
    {"forms.affiliate_note", "Bald", "Bald", "a\tb", R"("Bald")"},
    {"forms.message", "Merci", "Merci", "\xff", R"("Merci")"},
    {"forms.note", "À bientôt", "À bientôt", "a\rb", R"("À bientôt")"},
    {"landing.page", "false", "false", "off", "false"},
    {"landing.language", "de", "de", "fr", R"("de")"},
    {"landing.name", "North", "North", "a\nb", R"("North")"},
    {"landing.title", "Join", "Join", "a\nb", R"("Join")"},
    {"landing.lead", "We pay", "We pay", "a\nb", R"("We pay")"},
    {"landing.promise", "Soon", "Soon", "a\nb", R"("Soon")"},
    {"landing.logo", "/etc/logo.svg", "/etc/logo.svg", "a\nb", R"("/etc/logo.svg")"},
    {"landing.colours", "#2446c7, #94AEFF", "#2446c7,#94AEFF", "blue", R"(["#2446c7", "#94AEFF"])"},
    {"landing.privacy_url",
     "https://n.example/privacy",
     "https://n.example/privacy",
     "/privacy",
     R"("https://n.example/privacy")"},
    {"landing.imprint_url",
     "https://n.example/imprint",
     "https://n.example/imprint",
     "imprint",
     R"("https://n.example/imprint")"},
    {"network.base_url",
     "https://n.example/api/v3/",
     "https://n.example/api/v3",
     "ftp://n.example",
     R"("https://n.example/api/v3/")"},
    {"network.hash", "abc", "***", "a b", R"("abc")"},
    {"network.private_api_url",
     "http://127.0.0.1:9/v1",
     "http://127.0.0.1:9/v1",
     "https://u:p@n.example",
     R"("http://127.0.0.1:9/v1")"},
    {"network.private_api_token", "t0ken", "***", "a\nb", R"("t0ken")"},
    {"network.delivery_parameter", "bid", "bid", "a&b", R"("bid")"},
    {"network.allow_addresses", "127.0.0.0/8", "127.0.0.0/8", "localhost", R"(["127.0.0.0/8"])"},
    {"network.deny_addresses",
     "203.0.113.0/24",
     "203.0.113.0/24",
     "1.2.3",
     R"(["203.0.113.0/24"])"},
    {"network.offer", "31", "31", "", R"("31")"},
    {"network.url_id", "7", "7", "a b", R"("7")"},
    {"network.dashboard_url",
     "https://d.example",
     "https://d.example",
     "d.example",
     R"("https://d.example")"},
    {"delivery.inline_wait", "250ms", "250ms", "5", R"("250ms")"},
    {"delivery.attempt_timeout", "3s", "3s", "1m", R"("3s")"},
    {"delivery.concurrency", "8", "8", "0", "8"},
    {"delivery.retry_schedule",
     "0s, 100ms,2m",
     "0s,100ms,120s",
     "1s,5s",
     R"(["0s", "100ms", "2m"])"},
    {"limits.forms_per_minute", "0", "0", "many", "0"},
    {"limits.forms_total_per_minute", "0", "0", "many", "0"},
    {"limits.connections", "500", "500", "0", "500"},
    {"limits.body_bytes", "64KiB", "65536", "1KB", R"("64KiB")"},
    {"limits.queue", "100", "100", "0", "100"},
    {"log.requests", "true", "true", "on", "true"},
    {"log.received_max_mb", "0", "0", "-1", "0"},
    {"log.received_max_age", "24h", "86400s", "1s", R"("24h")"},
    {"log.attempts_max_mb", "64", "64", "2000000", "64"},
    {"log.attempts_max_age", "1h", "3600s", "9000h", R"("1h")"},
    {"retention.contacts_max_age", "8760h", "31536000s", "23h", R"("8760h")"},
    {"retention.conversions_personal_max_age", "24h", "86400s", "300000h", R"("24h")"},
};

const Row* FindRow(std::string_view path) {
    for (const Row& row : kRows) {
        if (row.path == path) return &row;
    }
    return nullptr;
}

std::string Shown(const Row& row, std::string_view source) {
    return std::string(row.path) + " = " + std::string(row.shown) + "  # " + std::string(source);
}

TEST_F(ConfigTest, EverySettingFromEverySource) {
    for (const Setting& setting : Settings()) {
        SCOPED_TRACE(setting.path);
        const Row* row = FindRow(setting.path);
        ASSERT_NE(row, nullptr) << "add a row for it";
        const std::string path(setting.path), good(row->good), name = EnvironmentName(setting);

        const auto flag = Load({}, {{name, std::string(row->bad)}}, {{path, good}});
        ASSERT_TRUE(flag) << flag.error().message;
        EXPECT_THAT(Describe(*flag), HasSubstr(Shown(*row, "flag")));

        const auto env = Load({}, {{name, good}}, {});
        ASSERT_TRUE(env) << env.error().message;
        EXPECT_THAT(Describe(*env), HasSubstr(Shown(*row, "environment " + name)));

        const auto pointer =
            Load({}, {{name + "_FILE", Write("value", "\xEF\xBB\xBF" + good + "\r\n")}}, {});
        ASSERT_TRUE(pointer) << pointer.error().message;
        EXPECT_THAT(Describe(*pointer), HasSubstr(Shown(*row, "environment " + name + "_FILE")));

        const auto dot = path.find('.');
        const auto file = Write(
            "one.toml",
            "\xEF\xBB\xBF# one\n[" + path.substr(0, dot) + "]\n" + path.substr(dot + 1) + " = " +
                std::string(row->toml) + "\n"
        );
        const auto toml = Load(file, {}, {});
        ASSERT_TRUE(toml) << toml.error().message;
        EXPECT_THAT(Describe(*toml), HasSubstr(Shown(*row, file + ":3")));

        const auto bad = Load({}, {{name, std::string(row->bad)}}, {});
        ASSERT_FALSE(bad);
        EXPECT_EQ(bad.error().code, ErrorCode::kInvalid);
        EXPECT_EQ(bad.error().where, path);
        EXPECT_THAT(bad.error().message, HasSubstr(path + " (environment " + name + "): expected"));
        if (setting.secret) {
            EXPECT_THAT(bad.error().message, Not(HasSubstr(", got")));
        }

        const auto wrong = Load(Write("w.toml", path + " = 1979-05-27\n"), {}, {});
        ASSERT_FALSE(wrong);
        EXPECT_THAT(wrong.error().message, HasSubstr("w.toml:1: " + path + ": expected "));
    }
    EXPECT_EQ(std::size(kRows), Settings().size());
}

// Nobody has to believe it: with every # taken off it is a file, and sets what holds without one.
TEST_F(ConfigTest, TheReferenceIsAFileOfTheDefaults) {
    std::istringstream reference(Reference());
    std::string file, line;
    while (std::getline(reference, line)) {
        const bool set = line.starts_with('#') && !line.starts_with("# ");
        file += (set ? line.substr(1) : line) + "\n";
    }
    const auto path = Write("reference.toml", file);
    const auto from_file = Load(path, {}, {});
    ASSERT_TRUE(from_file) << from_file.error().message;
    const auto values = [](const Config& config) {
        std::istringstream described(Describe(config));
        std::vector<std::string> lines;
        for (std::string one; std::getline(described, one);) {
            lines.push_back(one.substr(0, one.find("  # ")));
        }
        return lines;
    };
    EXPECT_EQ(values(*from_file), values(*Load({}, {}, {})));
    for (const Setting& setting : Settings()) {
        EXPECT_THAT(from_file->sources.find(setting.path)->second, HasSubstr("reference.toml"));
        EXPECT_THAT(file, HasSubstr("environment " + EnvironmentName(setting)));
        EXPECT_THAT(file, HasSubstr(std::string(setting.help)));
    }
    EXPECT_THAT(from_file->sources.find("goal")->second, HasSubstr("reference.toml"));
    const auto untouched = Load(Write("untouched.toml", Reference()), {}, {});
    ASSERT_TRUE(untouched) << untouched.error().message;
    EXPECT_EQ(Describe(*untouched), Describe(*Load({}, {}, {})));
}

TEST_F(ConfigTest, Precedence) {
    const auto file = Write("c.toml", "[network]\noffer = \"toml\"\n");
    const Environment env = {{"BARRACUDA_NETWORK_OFFER", "env"}};
    EXPECT_EQ(Load({}, {}, {})->network.offer.value, "2");
    EXPECT_EQ(Load(file, {}, {})->network.offer.value, "toml");
    EXPECT_EQ(Load(file, env, {})->network.offer.value, "env");
    EXPECT_EQ(Load(file, env, {{"network.offer", "flag"}})->network.offer.value, "flag");
}

TEST_F(ConfigTest, SeedsAliases) {
    const Environment seed = {
        {"MONGODB_URI", "mongodb://u:p@h1,h2/shop?replicaSet=r"},
        {"HOOPLASEFT_HASH", "h"},
        {"PRIVATE_API_BASE_URL", "https://n.example/v1"},
        {"PRIVATE_API_TOKEN", "t"},
    };
    auto c = Load({}, seed, {});
    ASSERT_TRUE(c) << c.error().message;
    EXPECT_TRUE(c->store.IsMongo());
    EXPECT_EQ(c->store.url, "mongodb://u:p@h1,h2/shop?replicaSet=r");
    EXPECT_EQ(c->store.database, "shop");
    EXPECT_EQ(c->sources.at("store.database"), "store.url");
    EXPECT_EQ(c->network.hash, "h");
    EXPECT_EQ(c->network.private_api_url, "https://n.example/v1");
    EXPECT_EQ(c->network.private_api_token, "t");

    Environment both = seed;
    both["DB_NAME"] = "named";
    both["BARRACUDA_NETWORK_HASH"] = "ours";
    both["PRIVATE_API_TOKEN"] = "";
    c = Load({}, both, {});
    EXPECT_EQ(c->store.database, "named");
    EXPECT_EQ(c->network.hash, "ours");
    EXPECT_EQ(c->sources.at("network.private_api_token"), "default");

    EXPECT_EQ(Load({}, {{"MONGODB_URI", "mongodb://h:27017"}}, {})->store.database, "barracuda");
    EXPECT_EQ(Load({}, {{"MONGODB_URI", "mongodb://h/?w=1"}}, {})->store.database, "barracuda");
}

TEST_F(ConfigTest, SecretsStaySecret) {
    const auto c = Load(
        {},
        {{"MONGODB_URI", "mongodb://user:pa%40ss@h/x?tlsCertificateKeyFilePassword=qq"},
         {"PRIVATE_API_TOKEN", "sesame"},
         {"HOOPLASEFT_HASH", "hush"}},
        {}
    );
    ASSERT_TRUE(c) << c.error().message;
    const auto text = Describe(*c);
    for (const char* secret : {"user", "pa%", "ss@", "qq", "sesame", "hush"}) {
        EXPECT_THAT(text, Not(HasSubstr(secret)));
    }
    EXPECT_THAT(text, HasSubstr("store.url = mongodb://***@h/x?***  # environment MONGODB_URI"));

    for (const char* url : {"mongo://user:word@h", "mongodb://user:pass@word@h/x"}) {
        const auto bad = Load({}, {{"BARRACUDA_STORE_URL", url}}, {});
        ASSERT_FALSE(bad) << url;
        EXPECT_THAT(bad.error().message, Not(HasSubstr("word@")));
        EXPECT_THAT(bad.error().message, HasSubstr("%40"));
    }
}

TEST_F(ConfigTest, SecretFiles) {
    const auto missing = Load({}, {{"BARRACUDA_NETWORK_HASH_FILE", "/nowhere/x"}}, {});
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("cannot read file /nowhere/x: No such file"));
    for (const auto& [path, why] :
         {std::pair("/etc", "it is a directory"), std::pair("/dev/zero", "longer than")}) {
        const auto refused = Load({}, {{"BARRACUDA_NETWORK_HASH_FILE", path}}, {});
        ASSERT_FALSE(refused) << path;
        EXPECT_THAT(refused.error().message, HasSubstr(why));
    }
    const auto twice =
        Load({}, {{"BARRACUDA_NETWORK_HASH", "a"}, {"BARRACUDA_NETWORK_HASH_FILE", "b"}}, {});
    ASSERT_FALSE(twice);
    EXPECT_THAT(twice.error().message, HasSubstr("both BARRACUDA_NETWORK_HASH and"));
}

TEST_F(ConfigTest, TomlFaults) {
    const std::pair<const char*, const char*> rows[] = {
        {"[server]\n\nlisen = \"x\"", "c.toml:3: server.lisen: unknown key"},
        {"a = 1\n", "c.toml:1: a: unknown key"},
        {"\n[sever]\nlisten = \"x\"", "c.toml:2: sever: unknown key"},
        {"server = 5", "c.toml:1: server: expected a section"},
        {"[server]\nthreads = \"4\"", "c.toml:2: server.threads: expected a whole number"},
        {"[server]\nlisten = 8080", "c.toml:2: server.listen: expected a text"},
        {"[server]\nlisten = \"8080\"", "c.toml:2): expected ADDRESS:PORT"},
        {"[server]\ntrusted_proxies = \"10.0.0.0/8\"", "expected a list of texts"},
        {"[forms]\norigins = [\"https://a,https://b\"]", "expected a list of texts"},
        {"[auth]\ningest = \"key\n", "c.toml:2: TOML: "},
        {"[auth]\ningest = \"key\"\ningest = \"open\"", "c.toml:3: TOML: "},
        {"goal = 5", "c.toml:1: goal: expected [[goal]] tables"},
        {"[goal]\nid = 5", "expected [[goal]] tables"},
        {"[[goal]]\nid = 5\nkind = 1", "c.toml:3: goal.kind: unknown key"},
        {"[[goal]]\nid = 5\nrepeatable = 1", "c.toml:3: goal.repeatable: expected true or false"},
        {"[[goal]]\nid = 5\nthen_amount = 1.5", "c.toml:3: goal.then_amount: expected a text"},
    };
    for (const auto& [toml, message] : rows) {
        const auto c = FromToml(toml);
        ASSERT_FALSE(c) << toml;
        EXPECT_EQ(c.error().code, ErrorCode::kInvalid);
        EXPECT_THAT(c.error().message, HasSubstr(message)) << toml;
    }
    EXPECT_EQ(
        Load("/nowhere/c.toml", {}, {}).error().message,
        "/nowhere/c.toml: No such file or directory"
    );
    const auto directory = Load("/tmp", {}, {});
    ASSERT_FALSE(directory);
    EXPECT_THAT(directory.error().message, HasSubstr("/tmp: a file is expected"));
    const auto flag = Load({}, {}, {{"server.lisen", "x"}});
    ASSERT_FALSE(flag);
    EXPECT_THAT(flag.error().message, HasSubstr("no such setting: server.lisen"));
}

TEST_F(ConfigTest, NamesThatAreNoSettingAreFound) {
    const Environment env = {
        {"BARRACUDA_NETWORK_BASEURL", "x"},
        {"BARRACUDA_LISTEN", "x"},
        {"BARRACUDA_NETWORK_OFFER", "3"},
        {"BARRACUDA_SECRET_TRACKER", "x"},
        {"BARRACUDA_PORT_8080_TCP_ADDR", "10.0.0.1"},
        {"BARRACUDA_SERVICE_HOST", "10.0.0.1"},
        {"BARRACUDA_MONGO_PORT", "tcp://10.0.0.2:27017"},
        {"BARRACUDA_MONGO_PORT_27017_TCP", "tcp://10.0.0.2:27017"},
        {"BARRACUDA_MONGO_PORT_27017_TCP_PORT", "27017"},
        {"BARRACUDA_MONGO_SERVICE_HOST", "10.0.0.2"},
        {"BARRACUDA_MONGO_SERVICE_PORT_DB", "27017"},
        {"BARRACUDA_SERVER_PORT", "8080"},
        {"OTHER", "x"},
    };
    EXPECT_THAT(
        Load({}, env, {})->unknown,
        ElementsAre("BARRACUDA_LISTEN", "BARRACUDA_NETWORK_BASEURL", "BARRACUDA_SERVER_PORT")
    );
    EXPECT_THAT(Load({}, {{"BARRACUDA_PORT", "8080"}}, {})->unknown, ElementsAre("BARRACUDA_PORT"))
        << "without a service it is somebody's guess";
}

TEST_F(ConfigTest, TwoListenersNeedTwoAddresses) {
    const auto both = [](const char* main, const char* ops) {
        return Load({}, {}, {{"server.listen", main}, {"server.ops_listen", ops}}).has_value();
    };
    EXPECT_FALSE(both("127.0.0.1:81", "127.0.0.1:81"));
    EXPECT_FALSE(both("0.0.0.0:81", "127.0.0.1:81"));
    EXPECT_FALSE(both("[::1]:81", "[::]:81"));
    EXPECT_TRUE(both("127.0.0.1:81", "127.0.0.1:82"));
    EXPECT_TRUE(both("127.0.0.1:81", "127.0.0.2:81"));
    EXPECT_TRUE(both("127.0.0.1:0", "127.0.0.1:0"));
}

TEST_F(ConfigTest, ProcessEnvironmentIsRead) {
    setenv("BARRACUDA_TEST_ONLY", "a=b", 1);
    EXPECT_EQ(ProcessEnvironment().at("BARRACUDA_TEST_ONLY"), "a=b");
    unsetenv("BARRACUDA_TEST_ONLY");
}

}  // namespace
}  // namespace barracuda::config
