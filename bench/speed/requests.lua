-- Requests for wrk, from a prepared file: a header's value, a path and perhaps a body in each line, with tabs between.
-- Each thread has lines of its own, and takes them at random or in turn. {n} becomes a text that was never there.
local lines, bodies_differ, cursor, count = {}, false, 0, 0
local method, header, order, salt
local threads_set_up = 0

function setup(thread)
    thread:set("number", threads_set_up)
    threads_set_up = threads_set_up + 1
end

function init(args)
    local file, threads = args[1], tonumber(args[2])
    method, header, order, salt = args[3], args[4], args[5], args[6]
    local index = 0
    for line in io.lines(file) do
        if index % threads == number then
            local value, path, body = line:match("^([^\t]*)\t([^\t]*)\t?(.*)$")
            local parts = { value = value, path = path, body = body ~= "" and body or nil }
            bodies_differ = bodies_differ or line:find("{n}", 1, true) ~= nil
            lines[#lines + 1] = bodies_differ and parts or formatted(parts)
        end
        index = index + 1
    end
    math.randomseed(tonumber(salt) + number)
    if order == "in-turn" then cursor = math.random(#lines) end
end

function formatted(parts)
    return wrk.format(method, parts.path, { [header] = parts.value, ["Content-Type"] = parts.body and "application/json" }, parts.body)
end

function request()
    cursor = cursor % #lines + 1
    local line = order == "random" and lines[math.random(#lines)] or lines[cursor]
    if not bodies_differ then return line end
    count = count + 1
    local unique = salt .. "-" .. number .. "-" .. count
    local fresh = function(text) return text and text:gsub("{n}", unique) end
    local path, body = fresh(line.path), fresh(line.body)
    return formatted({ value = line.value, path = path, body = body })
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format('\n{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "refused": %d, "broken": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
