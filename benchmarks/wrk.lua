-- Sends the requests of a file over and over, each with a fresh event id where there is a place for one.
local place = string.rep("EVENT-ID-", 4)
local before, after, at = {}, {}, 0

local function fresh_id()
  local r = math.random
  return string.format("%04x%04x-%04x-4%03x-8%03x-%04x%04x%04x", r(0, 65535), r(0, 65535), r(0, 65535),
    r(0, 4095), r(0, 4095), r(0, 65535), r(0, 65535), r(0, 65535))
end

function init(args)
  local seed = assert(io.open("/dev/urandom", "rb"))
  local a, b, c = string.byte(seed:read(3), 1, 3)
  seed:close()
  math.randomseed((a * 256 + b) * 256 + c)
  local file = assert(io.open(args[1], "rb"))
  for request in string.gmatch(file:read("*a"), "[^\30]+") do
    local from, to = string.find(request, place, 1, true)
    before[#before + 1] = from and string.sub(request, 1, from - 1) or request
    after[#after + 1] = to and string.sub(request, to + 1) or false
  end
  file:close()
end

function request()
  at = at % #before + 1
  local rest = after[at]
  return rest and before[at] .. fresh_id() .. rest or before[at]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"answers": %d, "failures": %d, "seconds": %.6f, "p50_us": %.1f, "p99_us": %.1f}\n',
    summary.requests - e.status, e.connect + e.read + e.write + e.status + e.timeout, summary.duration / 1e6,
    latency:percentile(50), latency:percentile(99)))
  io.flush()
end
