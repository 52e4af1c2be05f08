-- Route 6 with distinct click ids: every conversion owes one call to the network.
dofile((debug.getinfo(1, "S").source:match("@(.*/)") or "./") .. "route5.lua")

local inner = request

function request()
    local click = inner():match("click_id=([^&]+)")
    local body = '{"click_id":"' .. click .. '","affiliate_id":"7","goal_type":"registration"}'
    return "POST /api/goals/postback HTTP/1.1\r\nHost: " .. host
        .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end
