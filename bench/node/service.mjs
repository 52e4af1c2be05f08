// What a Node team would write over MongoDB: one findOneAndUpdate upsert a report, majority and journaled, an answer when
// it has returned.
//
//     node service.mjs URI DATABASE    prints its port, runs until its standard input closes
import { createServer } from "node:http";
import { MongoClient } from "mongodb";

const [uri, database] = process.argv.slice(2);
const CONNECTIONS = 64;
const client = new MongoClient(uri, { writeConcern: { w: "majority", journal: true }, maxPoolSize: CONNECTIONS, maxConnecting: 16 });
const conversions = client.db(database).collection("conversions");

async function record(given, goal, kind, route) {
  const now = new Date();
  const before = await conversions.findOneAndUpdate(
    { click_id: given.click_id, goal_id: goal },
    {
      $setOnInsert: {
        affiliate_id: given.affiliate_id, goal_type: kind, route, provenance: "reported", amount: given.amount,
        status: "pending", currency: "USD", createdAt: now, updatedAt: now,
      },
    },
    { upsert: true, returnDocument: "before" },
  );
  return {
    success: true, message: "Conversion recorded", verdict: before ? "duplicate" : "recorded", isDuplicate: before !== null,
    data: { click_id: given.click_id, goal_id: goal, goal_type: kind, status: "pending", affiliate_id: given.affiliate_id, currency: "USD" },
  };
}

// Of two that insert one key at once the index refuses one, and asked again it finds the other: as MongoDB's manual says.
async function recordOnce(...report) {
  try {
    return await record(...report);
  } catch (error) {
    if (error.code !== 11000) throw error;
    return record(...report);
  }
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString());
}

async function handle(request) {
  const url = new URL(request.url, "http://127.0.0.1");
  if (request.method === "GET" && url.pathname === "/api/postback") {
    const given = { click_id: url.searchParams.get("click_id"), affiliate_id: url.searchParams.get("affiliate_id"), amount: 0 };
    return recordOnce(given, "5", "registration", "postback");
  }
  if (request.method === "POST" && url.pathname === "/api/ftd") return recordOnce(await bodyOf(request), "6", "deposit", "ftd");
  throw new Error("no such route");
}

const server = createServer((request, response) => {
  const answer = (status, value) => {
    const text = JSON.stringify(value);
    response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
    response.end(text);
  };
  handle(request).then((value) => answer(200, value), (error) => answer(503, { success: false, message: String(error) }));
});
await conversions.createIndex({ click_id: 1, goal_id: 1 }, { unique: true });
// The pool is filled before it is measured.
await Promise.all(Array.from({ length: CONNECTIONS }, () => conversions.findOne({ click_id: "none", goal_id: "5" })));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit(0));
