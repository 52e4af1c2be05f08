#include "seeds.h"

#include "base/object_id.h"
#include "domain/contact.h"
#include "domain/conversion.h"
#include "store/kv.h"

namespace barracuda::fuzz {

namespace {

domain::Conversion Sample(bool delivered) {
    domain::Conversion one;
    one.id = *ObjectId::Parse(std::string(24, 'a'));
    one.key = {ClickId("click-1"), GoalId("6"), ""};
    one.goal_type = domain::GoalType::kDeposit;
    one.fields.Set(domain::Field::kAffiliateId, "7");
    one.fields.Set(domain::Field::kAmount, "12.5");
    one.fields.Set(domain::Field::kCurrency, "EUR");
    one.route = "postback";
    one.rev = 3;
    one.created = one.updated = Time{1'700'000'000'000};
    if (!delivered) return one;
    domain::Delivery delivery;
    delivery.network = NetworkName("default");
    delivery.id = domain::DeliveryIdOf(one.id, delivery.network, "goal");
    delivery.next_at = one.created;
    one.deliveries.push_back(delivery);
    one.Reschedule(NodeId("node-1"));
    return one;
}

domain::Contact SampleContact() {
    domain::Contact one;
    one.id = *ObjectId::Parse(std::string(24, 'c'));
    one.email = one.email_key = "someone@example.com";
    one.name = "N";
    one.click_id = "click-1";
    one.flow.route = "register";
    one.ftd_amount = Money{5'000'000};
    one.created = one.updated = Time{1'700'000'000'000};
    return one;
}

// Each with the byte before it that chooses where it is cut.
Seeds Cut(const Seeds& texts) {
    Seeds out;
    for (const auto& text : texts) out.push_back("\x80" + text);
    return out;
}

}  // namespace

Seeds RequestSeeds() {
    return Cut(
        {"GET /api/postback?click_id=a%20b&amount=1 HTTP/1.1\r\nHost: a:1\r\nX: y\r\n\r\n",
         "POST /api/ftd HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\n",
         "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: "
         "v\r\n\r\n",
         "OPTIONS * HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
         "GET http://a:1/b HTTP/1.1\r\nHost: c\r\nExpect: 100-continue\r\n\r\n"}
    );
}
Seeds QuerySeeds() { return {"a=1&b=%20+&c&=d&a=2", "%c3%a4=%f0%9f%90%9f&x=%zz", "a%00b=%u0041"}; }
Seeds FormSeeds() {
    return {
        "email=a%40b.c&name=N&sub1=1",
        "multipart/form-data; boundary=x\n--x\r\nContent-Disposition: form-data; "
        "name=\"a\"\r\n\r\n1\r\n--x--\r\n",
        "multipart/form-data; boundary=\"a b\"\n--a b\r\nContent-Disposition: form-data; name=f; "
        "filename=g\r\n\r\n\r\n--a b--"};
}
Seeds JsonSeeds() {
    return {
        R"({"click_id":"a","amount":1.50,"metadata":{"x":[1,null,true,"é"]}})",
        R"({"id":12345678901234567890,"a":"\u0041\ud83d\udc1f"})",
        "\xef\xbb\xbf{}",
        "[[[[[[[[]]]]]]]]"};
}
Seeds HeaderSeeds() {
    return {
        "1.2.3.4, 10.0.0.1, "
        "unknown\nledger.example:8080\nhttps\nhttps://ledger.example:8080\nledger.example\n"
        "barracuda_session=abc; b=\"c\"",
        "[2001:db8::1]:443, ::ffff:10.0.0.2\nA,b\nhttp\nnull\n[::1]\n=; ;;a"};
}
Seeds IdSeeds() {
    return {
        "click-1",
        "  5 ",
        "{click_id}",
        "%7Bx%7D",
        "null",
        "\xe2\x80\x8b"
        "7\xc2\xa0",
        "##x##",
        std::string(1'024, 'a')};
}
Seeds TemplateSeeds() {
    return {
        "https://t.example/p/{click_id}?a={amount}&s={sig}\nGET\n\n\n",
        "https://t.example/\nPOST\nX-A: "
        "{affiliate_id}\njson\n{\"a\":{amount},\"b\":\"{click_id}\"}",
        "http://[::1]:8080/"
        "{status|approved=1,rejected=2}\nPOST\n\nform\na={click_id}&b={raw:country}"};
}
Seeds ConversionSeeds() { return {domain::Encode(Sample(false)), domain::Encode(Sample(true))}; }
Seeds ContactSeeds() { return {domain::Encode(SampleContact())}; }
Seeds StoredSeeds() { return {store::RollupValue{5, 7'000'000}.Bytes(), "00ff", "deadbeef"}; }
Seeds CsvSeeds() {
    return {
        "=1+1",
        "a;=b",
        " \t@x",
        "\"a\"\r\n-1",
        "plain",
        "a,b",
        "\xef\xbc\x9d"
        "1"};
}
Seeds ValueSeeds() {
    return {
        "12.345678",
        "1e3",
        "2026-01-31T23:59:59.123Z",
        "2026-03-29",
        "2026-10-25T02:30:00+02:00",
        "10.0.0.0/8",
        "2001:db8::/32",
        "250ms",
        "https://a.example:8443/x",
        "[::1]:80",
        "mongodb://a,b/c?d=e",
        "true"};
}
Seeds MaskSeeds() {
    return {"secret-1\na secret-1 b %73ecret-1 c", "a+b/c=\n\\u0061+b/c%3d a%2Bb%2Fc%3D"};
}
Seeds ConfigSeeds() {
    return {
        "[server]\nlisten = \"127.0.0.1:8080\"\n[limits]\nconnections = 5\n",
        "[[goal]]\nid = \"5\"\n",
        "a = 'x"};
}

}  // namespace barracuda::fuzz
