// The document codec, delivery ids, history bounds.
#include "domain/conversion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/bson.h"

namespace barracuda::domain {
namespace {

using testing::SizeIs;

std::string MetadataBson() {
    BsonWriter to;
    to.Text("k", "v");
    to.Int("n", 3);
    return to.Take();
}

Conversion Full() {
    Conversion c;
    c.id = *ObjectId::Parse("65a0000000000000000000ff");
    c.key = {ClickId("0012345678901234567890"), GoalId("6"), "tx/1"};
    c.goal_type = GoalType::kDeposit;
    c.status = Status::kApproved;
    c.provenance = Provenance::kAuto;
    c.route = "chain";
    for (const auto& info : kFields) {
        switch (info.type) {
            case FieldType::kText:
                c.fields.Set(info.field, std::string("t-") + info.name + " \xc3\xa9");
                break;
            case FieldType::kMoney:
                c.fields.Set(info.field, "12.345678");
                break;
            case FieldType::kBool:
                c.fields.Set(info.field, "true");
                break;
            case FieldType::kObject:
                c.fields.Set(info.field, MetadataBson());
                break;
        }
    }
    c.AddHistory({Time{5}, "key:a", "0102", "amount", "0", "12.345678"});
    c.history_dropped = 3;
    c.assumed = {Field::kAmount, Field::kSaleAmount};
    Delivery waiting;
    waiting.id = DeliveryIdOf(c.id, "NetA", "goal_postback");
    waiting.network = "NetA";
    waiting.kind = "goal_postback";
    waiting.attempts = 2;
    waiting.next_at = Time{1'700'000'000'123};
    waiting.parameters = {{"b", "2"}, {"a", "1"}, {"b", "3"}};  // order and repeats stay
    waiting.status = 500;
    waiting.error = "refused";
    waiting.response = "{}";
    waiting.last_at = Time{1'700'000'000'100};
    waiting.replayed_by = "65a000000000000000000003";
    Delivery done = waiting;
    done.id = "d2";
    done.network = "NetB";
    done.state = DeliveryState::kDone;
    done.next_at = Time{};
    Delivery dead = done;
    dead.id = "d3";
    dead.kind = "private_api";
    dead.state = DeliveryState::kDead;
    Delivery cancelled = dead;
    cancelled.id = "d4";
    cancelled.state = DeliveryState::kCancelled;
    c.deliveries = {waiting, done, dead, cancelled};
    c.Reschedule("node");
    c.rev = 7;
    c.created = Time{-1};
    c.updated = Time{1'700'000'000'999};
    return c;
}

Conversion Decoded(const std::string& bson) {
    auto decoded = DecodeConversion(bson);
    EXPECT_TRUE(decoded) << decoded.error().message;
    return decoded.value_or(Conversion());
}

TEST(Codec, EverythingComesBack) {
    Conversion c = Full();
    Conversion d = Decoded(Encode(c));
    EXPECT_EQ(d.id, c.id);
    EXPECT_EQ(d.key, c.key);
    EXPECT_EQ(d.goal_type, c.goal_type);
    EXPECT_EQ(d.status, c.status);
    EXPECT_EQ(d.provenance, c.provenance);
    EXPECT_EQ(d.route, c.route);
    EXPECT_EQ(d.fields, c.fields);
    EXPECT_EQ(d.history, c.history);
    EXPECT_EQ(d.history_dropped, c.history_dropped);
    EXPECT_EQ(d.assumed, c.assumed);
    EXPECT_EQ(d.deliveries, c.deliveries);
    EXPECT_EQ(d.due, c.due);
    EXPECT_EQ(d.owner, c.owner);
    EXPECT_EQ(d.dead, c.dead);
    EXPECT_EQ(d.rev, c.rev);
    EXPECT_EQ(d.created, c.created);
    EXPECT_EQ(d.updated, c.updated);
    EXPECT_EQ(Encode(d), Encode(c));
}

TEST(Codec, EveryNameOfEveryEnumComesBack) {
    for (auto p :
         {Provenance::kReported,
          Provenance::kAdmin,
          Provenance::kForm,
          Provenance::kAuto,
          Provenance::kUnknown}) {
        for (auto s : {Status::kPending, Status::kApproved, Status::kRejected}) {
            for (auto g : {GoalType::kRegistration, GoalType::kDeposit, GoalType::kOther}) {
                Conversion c;
                c.provenance = p;
                c.status = s;
                c.goal_type = g;
                Conversion d = Decoded(Encode(c));
                EXPECT_EQ(d.provenance, p);
                EXPECT_EQ(d.status, s);
                EXPECT_EQ(d.goal_type, g);
            }
        }
    }
}

TEST(Codec, AmountsNeverDrift) {
    for (const char* amount : {"0", "0.1", "0.000001", "0.3", "999999999999.999999", "100"}) {
        Conversion c;
        c.fields.Set(Field::kAmount, amount);
        const std::string first = Encode(c);
        std::string bson = first;
        for (int i = 0; i < 1000; ++i) bson = Encode(Decoded(bson));
        EXPECT_EQ(bson, first) << amount;
        EXPECT_EQ(Decoded(bson).fields.Get(Field::kAmount), amount);
    }
}

TEST(Codec, ReadsWhatTheSeedWrote) {
    bson_t b = BSON_INITIALIZER;
    bson_oid_t oid;
    bson_oid_init_from_string(&oid, "65a0000000000000000000aa");
    BSON_APPEND_OID(&b, "_id", &oid);
    BSON_APPEND_INT64(&b, "click_id", 9007199254740993);
    BSON_APPEND_INT32(&b, "goal_id", 6);
    BSON_APPEND_UTF8(&b, "goal_type", "deposit");
    BSON_APPEND_DOUBLE(&b, "amount", 0.1);
    BSON_APPEND_INT32(&b, "sale_amount", 100);
    BSON_APPEND_DOUBLE(&b, "affiliate_id", 1700000000001.0);
    BSON_APPEND_NULL(&b, "sub1");
    BSON_APPEND_BOOL(&b, "is_test", false);
    BSON_APPEND_DATE_TIME(&b, "createdAt", 77);
    BSON_APPEND_UTF8(&b, "status", "strange");
    std::string bson(reinterpret_cast<const char*>(bson_get_data(&b)), b.len);
    bson_destroy(&b);
    Conversion c = Decoded(bson);
    EXPECT_EQ(c.id.Hex(), "65a0000000000000000000aa");
    EXPECT_EQ(c.key.click.value, "9007199254740993");
    EXPECT_EQ(c.key.goal.value, "6");
    EXPECT_EQ(c.provenance, Provenance::kUnknown);
    EXPECT_EQ(c.status, Status::kPending);
    EXPECT_EQ(c.fields.Get(Field::kAmount), "0.1");
    EXPECT_EQ(c.fields.Get(Field::kSaleAmount), "100");
    EXPECT_EQ(c.fields.Get(Field::kAffiliateId), "1700000000001");
    EXPECT_EQ(c.fields.Find(Field::kSub1), nullptr);
    EXPECT_EQ(c.fields.Get(Field::kIsTest), "false");
    EXPECT_EQ(c.rev, 0);
    EXPECT_EQ(c.created, Time{77});
}

TEST(Codec, KeepsWhatItDoesNotKnow) {
    BsonWriter to, inner;
    inner.Int("n", 1);
    to.Text("click_id", "c");
    to.Text("hash", "h");
    to.Document("theirs", inner.Take());
    to.Text("metadata", "no document");
    to.Array("sub1", BsonWriter());
    Conversion c = Decoded(to.Take());
    EXPECT_EQ(c.fields.Find(Field::kMetadata), nullptr);
    for (int times = 0; times < 2; ++times) {
        std::string bytes = Encode(c);
        EXPECT_EQ(TopText(bytes, "hash"), "h");
        EXPECT_EQ(TopText(bytes, "metadata"), "no document");
        const TopFields fields(bytes);
        EXPECT_EQ(TopText(fields.Bytes("theirs"), "n"), "1");
        ASSERT_NE(fields.Find("sub1"), nullptr);
        EXPECT_TRUE(BSON_ITER_HOLDS_ARRAY(fields.Find("sub1")));
        c = Decoded(bytes);
    }
    c.fields.Set(Field::kMetadata, MetadataBson());  // what is said now takes its place
    std::string bytes = Encode(c);
    EXPECT_EQ(TopFields(bytes).Bytes("metadata"), MetadataBson());
    EXPECT_EQ(Decoded(bytes).fields.Get(Field::kMetadata), MetadataBson());
    EXPECT_EQ(TopText(bytes, "hash"), "h");
}

TEST(Codec, AmountsAsTextAreReadAsMoney) {
    BsonWriter to;
    to.Text("amount", "100.50");
    to.Text("sale_amount", "0.00");
    Conversion c = Decoded(to.Take());
    EXPECT_EQ(c.fields.Get(Field::kAmount), "100.5");
    EXPECT_EQ(c.fields.Get(Field::kSaleAmount), "0");
}

TEST(Codec, AmountsThatAreNoNumbersStayAsTheyAre) {
    for (const char* odd : {"", "$100", "1,5", "-5", "abc"}) {
        BsonWriter to;
        to.Text("amount", odd);
        Conversion c = Decoded(to.Take());
        EXPECT_EQ(c.fields.Get(Field::kAmount, "none"), odd);
        EXPECT_EQ(Decoded(Encode(c)).fields.Get(Field::kAmount, "none"), odd);
    }
}

TEST(Codec, DamagedBytesAreAnError) {
    std::string bson = Encode(Full());
    EXPECT_FALSE(DecodeConversion(""));
    EXPECT_FALSE(DecodeConversion("nonsense"));
    EXPECT_FALSE(DecodeConversion(std::string_view(bson).substr(0, bson.size() - 1)));
    for (size_t i = 0; i < bson.size(); ++i) {  // any flipped byte: an error or a value, no crash
        std::string damaged = bson;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
        auto decoded = DecodeConversion(damaged);
        if (decoded) (void)Encode(*decoded);
    }
}

TEST(History, KeepsTheFirstAndTheLast49) {
    Conversion c;
    for (int i = 0; i < 200; ++i) {
        c.AddHistory({Time{i}, "by", "", "amount", std::to_string(i), std::to_string(i + 1)});
        EXPECT_LE(c.history.size(), 50u);
        EXPECT_EQ(static_cast<int64_t>(c.history.size()) + c.history_dropped, i + 1);
    }
    ASSERT_THAT(c.history, SizeIs(50));
    EXPECT_EQ(c.history_dropped, 150);
    EXPECT_EQ(c.history[0].at, Time{0});
    for (int i = 1; i < 50; ++i) EXPECT_EQ(c.history[i].at, Time{150 + i});
    EXPECT_EQ(Decoded(Encode(c)).history, c.history);
}

TEST(History, EqualSuccessiveChangesAddNothing) {
    Conversion c;
    for (int i = 0; i < 3; ++i) c.AddHistory({Time{i}, "by", "", "f", "a", "b"});
    c.AddHistory({Time{9}, "other", "", "f", "a", "b"});
    EXPECT_THAT(c.history, SizeIs(2));
    EXPECT_EQ(c.history_dropped, 0);
}

TEST(Schedule, LeastOfTheWaitingOnes) {
    Conversion c = Full();
    c.Reschedule("n");
    EXPECT_EQ(c.due, Time{1'700'000'000'123});
    c.deliveries.push_back(c.deliveries[0]);
    c.deliveries.back().next_at = Time{5};
    c.Reschedule("n");
    EXPECT_EQ(c.due, Time{5});
    EXPECT_EQ(c.owner, "node") << "whose it is stays";
    for (auto& d : c.deliveries) d.state = DeliveryState::kDone;
    c.Reschedule("n");
    EXPECT_FALSE(c.due);
    EXPECT_EQ(c.owner, "");
    c.deliveries[0].state = DeliveryState::kWaiting;
    c.Reschedule("n");
    EXPECT_EQ(c.owner, "n");
}

TEST(DeliveryId, IsStableAndTellsPartsApart) {
    ObjectId id = *ObjectId::Parse("65a0000000000000000000aa");
    EXPECT_EQ(DeliveryIdOf(id, "a", "b"), DeliveryIdOf(id, "a", "b"));
    EXPECT_NE(DeliveryIdOf(id, "ab", "c"), DeliveryIdOf(id, "a", "bc"));
    EXPECT_NE(DeliveryIdOf(id, "a", "b"), DeliveryIdOf(ObjectId(), "a", "b"));
    EXPECT_THAT(DeliveryIdOf(id, "a", "b").value, SizeIs(32));
}

}  // namespace
}  // namespace barracuda::domain
