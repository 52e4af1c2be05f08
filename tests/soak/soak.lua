-- Steady mixed load: wrk -s soak.lua URL -- RUN DELAY_MS ADMIN_KEY
-- Of a hundred requests 50 are new reports by route 5, 35 repeat one, 10 are new by route 6 (a delivery each), 5 read a list.
-- Each connection waits DELAY_MS (with fractions) before its next request; 0: none does.
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function init(args)
    run = args[1]
    pause = tonumber(args[2])
    key = args[3]
    sent = 0
    math.randomseed(number)
    host = wrk.headers["Host"]
end

function delay()
    local whole = math.floor(pause)
    return math.random() < pause - whole and whole + 1 or whole
end

local function get(path, more)
    return "GET " .. path .. " HTTP/1.1\r\nHost: " .. host .. "\r\n" .. (more or "") .. "\r\n"
end

local function click(n)
    return bit.tohex(bit.tobit(n * 2654435761)) .. "-" .. run .. "-" .. number .. "-" .. n
end

function request()
    local dice = math.random(100)
    if dice > 95 then
        return get("/api/admin/conversions?limit=5", "Authorization: Bearer " .. key .. "\r\n")
    end
    local n = sent > 0 and dice <= 35 and math.random(sent) or nil
    if not n then
        sent = sent + 1
        n = sent
    end
    local fields = '{"click_id":"' .. click(n) .. '","affiliate_id":"7","goal_type":"deposit","amount":10}'
    if dice > 85 then
        return "POST /api/goals/postback HTTP/1.1\r\nHost: " .. host .. "\r\nContent-Type: application/json\r\nContent-Length: "
            .. #fields .. "\r\n\r\n" .. fields
    end
    return get("/api/postback?click_id=" .. click(n) .. "&affiliate_id=7&goal=deposit&amount=10")
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\nRESULT {"requests": %d, "microseconds": %d, "not_2xx": %d, "socket_errors": %d, "p50_us": %d, "p99_us": %d}\n',
        summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
        latency:percentile(50), latency:percentile(99)))
end
