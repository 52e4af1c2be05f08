-- Route 5 with click ids that no other thread or run sends: wrk -s route5.lua URL -- RUN PERCENT
-- PERCENT of the requests repeat an id that this thread has sent before.
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function init(args)
    run = args[1] or "run"
    repeats = tonumber(args[2] or "0")
    sent = 0
    math.randomseed(number)
    host = wrk.headers["Host"]
end

-- The scattered head keeps the keys from arriving in order; the tail makes them distinct.
local function click(n)
    return bit.tohex(bit.tobit(n * 2654435761)) .. "-" .. run .. "-" .. number .. "-" .. n
end

function request()
    local n
    if sent > 0 and math.random(100) <= repeats then
        n = math.random(sent)
    else
        sent = sent + 1
        n = sent
    end
    return "GET /api/postback?click_id=" .. click(n)
        .. "&affiliate_id=7&goal=registration HTTP/1.1\r\nHost: " .. host .. "\r\n\r\n"
end

function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format(
        '\nRESULT {"requests": %d, "microseconds": %d, "not_2xx": %d, "socket_errors": %d, '
            .. '"p50_us": %d, "p99_us": %d, "max_us": %d}\n',
        summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
        latency:percentile(50), latency:percentile(99), latency.max))
end
